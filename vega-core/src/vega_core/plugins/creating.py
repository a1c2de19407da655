"""Components made of their descriptions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from vega_core.errors import ConfigError
from vega_core.plugins.kinds import kind_of


def create(
    load: Callable[[str, str], Any], kind: str, description: str | Mapping[str, Any], *args: Any
) -> Any:
    """Makes a component from its description.

    Args:
        load: Loads a component's class by kind and name, as `Catalog.load` does.
        kind: Kind of the component, such as ``metric``.
        description: Its type and parameters, or only its type.
        *args: Arguments that come before the configured ones.

    Raises:
        ConfigError: The description has no type, or parameters that the component does not take.
        PluginError: The component cannot be had.
    """
    given: dict[str, Any] = (
        {"type": description} if isinstance(description, str) else dict(description)
    )
    name = given.pop("type", None)
    if not isinstance(name, str):
        raise ConfigError(f"{kind}: {description!r} has no 'type'")
    values = dict(given.get("params") or {}) if kind_of(kind).nested else given
    component = load(kind, name)
    try:
        inspect.signature(component).bind(*args, **values)
    except TypeError as error:
        raise ConfigError(f"{kind} '{name}': {error}") from error
    return component(*args, **values)
