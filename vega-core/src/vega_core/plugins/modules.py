"""Modules of a framework that a user's own configuration names: ``torch:my_package.MyNet``.

Such a name says which code to import. So a catalog knows those alone that it was told of: by the
configuration that is run, or by a user who loads a model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vega_core.errors import ModelError, PluginError
from vega_core.plugins.errors import UnknownComponent
from vega_core.plugins.importing import absolute, is_path, load_target
from vega_core.plugins.reasons import reason_of

NETWORK, MODULE = "network", "module"
"""The kind of component that a module is one of, and the table of modules among targets."""

_FORM = re.compile(r"(?P<backend>[A-Za-z][\w-]*):(?P<place>[^:]*[./][^:]*)(:(?P<name>[\w.]+))?")


def backend_of(name: str) -> str:
    """Returns the prefix of ``torch:my_package.MyNet``, and "" for any other form of name."""
    match = _FORM.fullmatch(name)
    return match["backend"] if match else ""


def target_of(name: str, base: Path | None = None) -> str:
    """Returns the import target of a module, where a path is absolute.

    Args:
        name: ``torch:my_package.MyNet``, ``torch:my_package.nets:MyNet`` or
            ``torch:./nets.py:MyNet``.
        base: Folder from which a relative path is taken.

    Raises:
        PluginError: It says a file and no class.
    """
    match = _FORM.fullmatch(name)
    place, inner = (match["place"], match["name"]) if match else (name, None)
    if is_path(place):
        if inner is None:
            raise PluginError(f"'{name}' names no class; write '{name}:MyNet'")
        return f"{absolute(place, base)}:{inner}"
    if inner is None:
        place, _, inner = place.rpartition(".")
    return f"{place}:{inner}"


def with_place(name: str, base: Path | None = None) -> str:
    """Returns a module's name with an absolute path, where it has one."""
    backend, _, rest = name.partition(":")
    place, colon, inner = rest.partition(":")
    return f"{backend}:{absolute(place, base)}{colon}{inner}" if is_path(place) else name


def allowed_target(name: str, targets: Mapping[str, str]) -> str:
    """Returns the import target of a module that may be imported.

    Args:
        name: The module.
        targets: Import target of each that may be.

    Raises:
        UnknownComponent: It may not; says how a user allows it.
    """
    target = targets.get(name) or targets.get(with_place(name))
    if target is None:
        raise UnknownComponent(
            f"network '{name}' is code of the user's own, which nothing but a configuration "
            f"names; where a saved model is loaded, allow it: plugins=['{name}'], or on the "
            f"command line --plugin '{name}'"
        )
    return target


def load_network(
    load: Callable[[str, str], Any], name: str, targets: Mapping[str, str]
) -> Callable[..., Any]:
    """Returns what makes a network of a module, given its arguments.

    Args:
        load: Loads a component by kind and name.
        name: The module.
        targets: Import target of each module that may be imported.

    Raises:
        UnknownComponent: It may not.
        ModelError: It cannot be imported; chains the cause.
    """
    target = allowed_target(name, targets)
    backend = load("backend", backend_of(name))
    try:
        component = load_target(target)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ModelError(f"'{name}' cannot be imported: {reason_of(error)}") from error
    if not callable(component):
        raise ModelError(f"'{name}' is no class, but {component!r}")
    network: Callable[..., Any] = backend.network(name, component)
    return network
