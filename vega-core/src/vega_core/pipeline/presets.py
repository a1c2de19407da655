"""Names of networks with their hyperparameters: ``ResNet``, ``ResNet-50``, ``ResNet:depth=50``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from vega_core.config.compose import compose
from vega_core.errors import ModelError, UserError, suggest
from vega_core.plugins import Catalog, Component, Parameter, UnknownComponent, parameters_of

SIZES: Final = ("variant", "depth")
"""What comes after the dash of ``ResNet-50`` or ``EfficientNet-B0``: the first that is there."""

_VALUES: Final = re.compile(r"(?P<type>[^=]+?):(?P<values>\w[\w.]*=.*)", re.S)
_SHOWN: Final = 200
_KEY: Final = re.compile(r"(^|,)\s*(\w[\w.]*)\s*=")


def preset(text: str, catalog: Catalog) -> dict[str, Any]:
    """Returns the description that a name means.

    ``TYPE`` is a network with its defaults; ``TYPE:key=value,...`` sets hyperparameters, their
    values in YAML; ``TYPE-SIZE`` sets ``variant`` (in lower case) or ``depth``, whichever the
    network has.

    Args:
        text: The name.
        catalog: Finds networks.

    Raises:
        ModelError: The values cannot be read, or say again what the name says.
        PluginError: The network cannot be had.
        UserError: Nothing of this name is known.
    """
    match = _VALUES.fullmatch(text)
    name, values = (match["type"], _values(match["values"], text)) if match else (text, {})
    named = _named(name, catalog)
    for key in named:
        if key in values:
            raise ModelError(f"{text!r}: {key!r} is said twice")
    return {**named, **values}


def type_in(text: str) -> str:
    """Returns what stands for the type in a name: ``ResNet`` of ``ResNet:depth=50``."""
    match = _VALUES.fullmatch(text)
    return match["type"] if match else text


def _named(name: str, catalog: Catalog) -> dict[str, Any]:
    """Returns what ``TYPE`` or ``TYPE-SIZE`` says."""
    if catalog.is_module(name):
        return {"type": name}
    try:
        return {"type": _name(catalog.find("network", name), name)}
    except UnknownComponent:
        kind, dash, size = name.rpartition("-")
        if not dash or not size:
            raise _unknown(name, catalog) from None
    try:
        component = catalog.find("network", kind)
    except UnknownComponent:
        raise _unknown(name, catalog) from None
    known = parameters_of(catalog.load("network", kind))
    return {"type": _name(component, kind), **_sized(component.name, known, name, size)}


def _name(component: Component, written: str) -> str:
    return component.qualified if ":" in written else component.name


def _values(text: str, whole: str) -> dict[str, Any]:
    flow = "{" + _KEY.sub(r"\1 \2: ", text) + "}"
    root, faults = compose(flow, whole)
    data = root.plain()
    if faults or not isinstance(data, Mapping):
        raise ModelError(f"{whole}: expected TYPE:key=value,..., and {faults[0].message}")
    return dict(data)


def _sized(kind: str, parameters: Sequence[Parameter], name: str, size: str) -> dict[str, Any]:
    """Returns the hyperparameter that the size after the dash is for."""
    known = {one.name: one.annotation for one in parameters}
    key = next((one for one in SIZES if one in known), None)
    if key is None:
        own = ", ".join(one for one in known if one != "mode")
        raise ModelError(
            f"{name!r}: {kind} has neither {' nor '.join(SIZES)}; write "
            f"{kind}:key=value,..., of {own}"
        )
    annotation = known[key]
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    chosen = next((one for one in choices if str(one).casefold() == size.casefold()), None)
    if chosen is None:
        chosen = int(size) if size.isdecimal() and annotation is not str else size.lower()
    return {key: chosen}


def _unknown(name: str, catalog: Catalog) -> UserError:
    return UserError(
        f"{name[:_SHOWN]!r} is no file, no run directory and no network"
        f"{suggest(name, catalog.spellings('network'))}; networks are "
        f"{', '.join(catalog.names('network'))}"
    )
