"""The form of descriptions, checked without any component."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from vega_core.errors import DescriptionError, suggest
from vega_core.nn.records import Keys
from vega_core.nn.serial import FORMAT
from vega_core.nn.values import native

RESERVED_KEYS: Final = frozenset({"type", "format", "overrides", "rewrites", "modules"})
"""Keys of a description that are not hyperparameters of the network."""

SIZES: Final = ("num_classes", "vocabulary")
"""Hyperparameters that the data say where a description says ``auto``."""

_PART: Final = re.compile(r"[A-Za-z_][\w-]*")
_NESTED: Final = 32
"""How deep a description may be; what is deeper was not made by people."""


def canonical(description: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a description with its format number, without empty parts.

    A model of one part is that part: ``{modules: [net], net: {...}}`` is ``{...}``.

    Raises:
        ModelError: It is malformed, or of a newer format.
    """
    return {"format": FORMAT, **_form(_plain(description, ()), ())}


def label_of(description: Mapping[str, Any]) -> str:
    """Returns what people call a model: its type, or the names of its parts."""
    return str(description.get("type") or " + ".join(map(str, description.get("modules", ()))))


def types_of(description: Mapping[str, Any]) -> list[str]:
    """Returns the types of the networks that a description names: its own, or those of its parts.

    Args:
        description: Canonical or not; what is malformed is left out.
    """
    if isinstance(description.get("type"), str):
        return [description["type"]]
    parts = description.get("modules")
    named = [description.get(str(part)) for part in parts] if isinstance(parts, list) else []
    return [kind for part in named if isinstance(part, Mapping) for kind in types_of(part)]


def fill_auto(description: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a description in which every size that is ``auto`` is what the data say.

    Another hyperparameter may have a value ``auto`` of its own, which stays.

    Args:
        description: The description.
        known: Size by key, such as ``{"num_classes": 10}``.

    Raises:
        ModelError: A size is ``auto`` and not known.
    """

    def filled(value: Any, path: Keys) -> Any:
        if isinstance(value, Mapping):
            return {key: filled(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [filled(item, (*path, place)) for place, item in enumerate(value)]
        if not isinstance(value, str) or value != "auto" or not path:
            return value
        name = str(path[-1]).rpartition(".")[2]
        if name in known:
            return known[name]
        if name in SIZES:
            said = f"they say {sorted(known)}" if known else "there are none that say a size"
            raise DescriptionError(f"is 'auto', and the data do not say it; {said}", path)
        return value

    return {key: filled(value, (key,)) for key, value in description.items()}


def auto_key(description: Mapping[str, Any]) -> str | None:
    """Returns the dotted key of a size that is to come from data, if there is one."""
    try:
        fill_auto(description, {})
    except DescriptionError as error:
        return ".".join(map(str, error.path))
    return None


def merged(overrides: Mapping[str, Any], others: Mapping[str, Any], path: Keys) -> dict[str, Any]:
    """Returns the overrides of two places of a description together.

    Raises:
        DescriptionError: They give one key different values.
    """
    for key, value in others.items():
        if key in overrides and overrides[key] != value:
            raise DescriptionError(
                f"overrides contradict each other: {key!r} is {overrides[key]!r} here and "
                f"{value!r} in its part",
                (*path, "overrides"),
            )
    return {**overrides, **others}


def _form(data: Any, path: Keys) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise DescriptionError(f"a model is described by a mapping, and got {data!r}", path)
    form = dict(data)
    number = form.pop("format", FORMAT)
    if number != FORMAT or isinstance(number, bool):
        fault = f"a description of format {number!r}; this version reads {FORMAT}"
        raise DescriptionError(fault, path)
    for key, kind in (("overrides", dict), ("rewrites", list)):
        if not isinstance(form.get(key) or kind(), kind):
            fault = f"{key!r} of a description is no {kind.__name__}: {form[key]!r}"
            raise DescriptionError(fault, (*path, key))
        if not form.get(key):
            form.pop(key, None)
    for place, rewrite in enumerate(form.get("rewrites", ())):
        if not isinstance(rewrite, dict) or not isinstance(rewrite.get("type"), str):
            fault = f"a rewrite needs a 'type', and got {rewrite!r}"
            raise DescriptionError(fault, (*path, "rewrites", place))
    if "modules" in form:
        return _parts(form, path)
    if not isinstance(form.get("type"), str):
        fault = f"a model's description needs a 'type', and got {sorted(form)}"
        raise DescriptionError(fault, path)
    return form


def _parts(form: dict[str, Any], path: Keys) -> dict[str, Any]:
    names = form["modules"]
    where = (*path, "modules")
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise DescriptionError(f"expected a list of the names of parts, got {names!r}", where)
    if "type" in form:
        raise DescriptionError("a description has either a 'type' or 'modules'", path)
    for place, name in enumerate(names):
        if not _PART.fullmatch(name) or name in RESERVED_KEYS or name in names[:place]:
            raise DescriptionError(f"{name!r} is no name of a part, or is there twice", where)
        if name not in form:
            raise DescriptionError(f"there is no part {name!r}{suggest(name, form)}", where)
    for key in form:
        if key not in names and key not in RESERVED_KEYS:
            fault = f"is no part of {', '.join(names)}{suggest(key, names)}"
            raise DescriptionError(fault, (*path, key))
    for name in names:
        form[name] = _form(form[name], (*path, name))
        if "rewrites" in form[name]:
            fault = "rewrites are of the whole model; list them beside 'modules'"
            raise DescriptionError(fault, (*path, name, "rewrites"))
    return form if len(names) > 1 else _only(form, names[0], path)


def _only(form: dict[str, Any], name: str, path: Keys) -> dict[str, Any]:
    """Returns a model of one part as that part."""
    part: dict[str, Any] = dict(form[name])
    outer = {key.removeprefix(f"{name}."): item for key, item in form.get("overrides", {}).items()}
    if overrides := merged(outer, part.pop("overrides", {}), path):
        part["overrides"] = overrides
    if "rewrites" in form:
        part["rewrites"] = form["rewrites"]
    return part


def _plain(value: Any, path: Keys) -> Any:
    """Returns a value as JSON has it; NumPy's numbers and arrays become Python's.

    Raises:
        DescriptionError: It is something else.
    """
    if len(path) > _NESTED:
        raise DescriptionError("the description is nested too deeply", path[:3])
    value = native(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or not key:
                raise DescriptionError(f"a key is a text, and got {key!r}", path)
        return {key: _plain(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, (*path, place)) for place, item in enumerate(value)]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise DescriptionError(f"expected plain data, got {value!r}", path)
