"""Values of a configuration in the arguments of a command: ``--lr {trainer.params.lr}``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from vega_core.errors import ConfigError, suggest

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w.]*)\}")


def fill(arguments: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """Replaces each ``{name}`` by the value of that name.

    Strings go in as they are, other values as JSON. An argument stays one argument whatever the
    value holds.

    Args:
        arguments: The arguments; braces around anything but a dotted name stay.
        values: Values by dotted name.

    Raises:
        ConfigError: There is no value of that name.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise ConfigError(
                f"trainer.command: no value is called '{name}'{suggest(name, values)}"
            )
        value = values[name]
        return value if isinstance(value, str) else json.dumps(value)

    return [_PLACEHOLDER.sub(value_of, argument) for argument in arguments]


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns all values of a nested configuration by dotted name, sections included."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        flat[name] = value
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{name}.")
    return flat
