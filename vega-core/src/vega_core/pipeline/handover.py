"""How a step's configuration is made from its own keys and what it is handed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from vega_core.pipeline.records import ModelRecord, select_records
from vega_core.pipeline.step import Plain, StepContext

_NOT_HANDED_ON = ("search_algorithm", "search_space", "constraints", "pipe_step", "models")


@dataclass(frozen=True)
class Source:
    """What a step builds on.

    Attributes:
        config: The earlier step's configuration with this step's own keys over it.
        selected: The records that the step takes over; none where it is the first.
    """

    config: dict[str, Any]
    selected: Sequence[ModelRecord]


def take_over(context: StepContext) -> Source:
    """Returns what a step takes over, by its section ``models``.

    Raises:
        StateError: The earlier step has no model to hand on.
    """
    earlier = {name: output.configuration for name, output in context.outputs.items()}
    config = inherited(context.config, earlier)
    name = _earlier(context.config, earlier)
    if name is None:
        return Source(config, [])
    output = context.outputs[name]
    select = (context.config.get("models") or {}).get("select", "best")
    return Source(config, select_records(output.records, select, output.objectives))


def inherited(config: Plain, earlier: Mapping[str, Plain]) -> dict[str, Any]:
    """Returns a step's configuration over that of the step that it takes its models from.

    What belongs to a search is not handed on.

    Args:
        config: The step's own configuration.
        earlier: The whole configurations of the steps before, by name, in their order.
    """
    name = _earlier(config, earlier)
    if name is None:
        return dict(config)
    base = {key: value for key, value in earlier[name].items() if key not in _NOT_HANDED_ON}
    return merge(base, config)


def _earlier(config: Plain, earlier: Mapping[str, Any]) -> str | None:
    if not earlier:
        return None
    name: str = (config.get("models") or {}).get("from", list(earlier)[-1])
    return name


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
