"""How a step's configuration is made from its own keys and what it is handed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any


def merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Lays a step's own keys over a base.

    Blocks are merged key by key; a block of another ``type`` than the base's replaces it whole,
    since its parameters mean nothing to another component.
    """
    merged = deepcopy(dict(base))
    for key, value in own.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, dict) and _same_type(below, value):
            merged[key] = merge(below, value)
        else:
            merged[key] = deepcopy(value)
    return merged


def _same_type(below: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    return "type" not in value or value["type"] == below.get("type")


def free_names(sample: Mapping[str, Any], own: Iterable[str]) -> dict[str, Any]:
    """Returns the part of a tuned sample that a step's own keys leave free.

    Args:
        sample: Names and values that an earlier step found.
        own: Dotted names that the step sets itself; they stand.
    """
    fixed = set(own)
    return {name: value for name, value in sample.items() if not _covered(name, fixed)}


def _covered(name: str, fixed: set[str]) -> bool:
    """Whether the step sets this name itself, with or without the level ``params``."""
    return name in fixed or name.replace(".params.", ".") in fixed
