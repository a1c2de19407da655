"""How a step's configuration is made from its own keys and what it is handed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from vega_core.config.bind import bind
from vega_core.pipeline.attempts import Recipe
from vega_core.pipeline.records import ModelRecord, select_records
from vega_core.pipeline.step import Plain, StepContext

_NOT_HANDED_ON = ("search_algorithm", "search_space", "constraints", "pipe_step", "models")


@dataclass(frozen=True)
class Taken:
    """A record that a step takes over, with the configuration that follows from it.

    Attributes:
        record: The record.
        recipe: The earlier step's configuration with the record's tuned values and model, and
            over it this step's own keys; and the tuned values that these leave as they were.
        source: The step that hands it on.
    """

    record: ModelRecord
    recipe: Recipe
    source: str


def take_over(context: StepContext) -> list[Taken]:
    """Returns what a step takes over, by its section ``models``; nothing where it is the first.

    Raises:
        StateError: The earlier step has no model to hand on.
    """
    name = _earlier(context.config, context.outputs)
    if name is None:
        return []
    output = context.outputs[name]
    select = (context.config.get("models") or {}).get("select", "best")
    records = select_records(output.records, select, output.objectives)
    return [take(context, name, record) for record in records]


def take(context: StepContext, source: str, record: ModelRecord) -> Taken:
    """Returns one record of an earlier step, with the configuration that follows from it."""
    outputs = context.outputs
    earlier = {name: output.configuration for name, output in outputs.items()}
    base = inherited({**context.config, "models": {"from": source}}, earlier)
    config = bind(base, record.overlay)
    if record.description is not None:
        config["model"] = deepcopy(dict(record.description))
    config = merge(config, _only(context.config, context.own))
    # A tuned value still holds where binding it once more changes nothing.
    sample = {
        key: value for key, value in record.overlay.items() if bind(config, {key: value}) == config
    }
    return Taken(record, Recipe(config, sample), source)


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


def _only(config: Plain, names: Iterable[str]) -> dict[str, Any]:
    """Returns the part of a configuration that dotted names lead to."""
    kept: dict[str, Any] = {}
    heads: dict[str, list[str]] = {}
    for name in names:
        head, _, rest = name.partition(".")
        heads.setdefault(head, []).append(rest)
    for key, rests in heads.items():
        if key in config:
            value = config[key]
            whole = "" in rests or not isinstance(value, Mapping)
            kept[key] = deepcopy(value) if whole else _only(value, rests)
    return kept
