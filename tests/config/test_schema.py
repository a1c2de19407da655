"""The JSON Schema: what loads is valid under it, what is mistyped is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vega_core.config import json_schema, load_source
from vega_core.config.source import from_text
from vega_core.plugins import load_catalog

EXAMPLES = Path(__file__).parents[2] / "examples"

TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
}
NOTES = {"$schema", "$defs", "title", "description", "default"}


class Validator:
    """The keywords that the schema uses, after the draft 2020-12 specification."""

    def __init__(self, root: Any) -> None:
        self.root = root

    def valid(self, value: Any, schema: Any) -> bool:
        if isinstance(schema, bool):
            return schema
        return all(
            getattr(self, f"_{key.strip('$')}")(value, rule, schema)
            for key, rule in schema.items()
            if key not in NOTES and key not in ("then", "else")
        )

    def _ref(self, value: Any, rule: str, schema: Any) -> bool:
        name = rule.removeprefix("#/$defs/")
        return self.valid(value, self.root["$defs"][name])

    def _type(self, value: Any, rule: str, schema: Any) -> bool:
        return TYPES[rule](value)

    def _const(self, value: Any, rule: Any, schema: Any) -> bool:
        return value == rule

    def _enum(self, value: Any, rule: Any, schema: Any) -> bool:
        return value in rule

    def _anyOf(self, value: Any, rule: Any, schema: Any) -> bool:
        return any(self.valid(value, one) for one in rule)

    def _allOf(self, value: Any, rule: Any, schema: Any) -> bool:
        return all(self.valid(value, one) for one in rule)

    def _if(self, value: Any, rule: Any, schema: Any) -> bool:
        if self.valid(value, rule):
            return self.valid(value, schema.get("then", True))
        return self.valid(value, schema.get("else", True))

    def _properties(self, value: Any, rule: Any, schema: Any) -> bool:
        if not isinstance(value, dict):
            return True
        return all(self.valid(value[key], one) for key, one in rule.items() if key in value)

    def _additionalProperties(self, value: Any, rule: Any, schema: Any) -> bool:
        rest = set(value) - set(schema.get("properties", {})) if isinstance(value, dict) else ()
        return all(self.valid(value[key], rule) for key in rest)

    def _propertyNames(self, value: Any, rule: Any, schema: Any) -> bool:
        return not isinstance(value, dict) or all(self.valid(key, rule) for key in value)

    def _required(self, value: Any, rule: Any, schema: Any) -> bool:
        return not isinstance(value, dict) or set(rule) <= set(value)

    def _items(self, value: Any, rule: Any, schema: Any) -> bool:
        return not isinstance(value, list) or all(self.valid(item, rule) for item in value)

    def _prefixItems(self, value: Any, rule: Any, schema: Any) -> bool:
        pairs = zip(value, rule, strict=False) if isinstance(value, list) else ()
        return all(self.valid(item, one) for item, one in pairs)

    def _minItems(self, value: Any, rule: int, schema: Any) -> bool:
        return not isinstance(value, list) or len(value) >= rule

    def _maxItems(self, value: Any, rule: int, schema: Any) -> bool:
        return not isinstance(value, list) or len(value) <= rule

    def _pattern(self, value: Any, rule: str, schema: Any) -> bool:
        return not isinstance(value, str) or re.search(rule, value) is not None

    def _minimum(self, value: Any, rule: float, schema: Any) -> bool:
        return not TYPES["number"](value) or value >= rule

    def _exclusiveMinimum(self, value: Any, rule: float, schema: Any) -> bool:
        return not TYPES["number"](value) or value > rule

    def _exclusiveMaximum(self, value: Any, rule: float, schema: Any) -> bool:
        return not TYPES["number"](value) or value < rule

    def _format(self, value: Any, rule: str, schema: Any) -> bool:
        return True  # an annotation in this dialect


@pytest.fixture
def valid(catalog: Any) -> Callable[[Any], bool]:
    schema = json_schema(catalog)

    def run(text: str) -> bool:
        return Validator(schema).valid(from_text(text).data, schema)

    return run


def test_a_sound_configuration(valid: Callable[[Any], bool], base: str) -> None:
    assert valid(base)
    train = """\
train:
  pipe_step: {type: TrainPipeStep}
  trainer: {epochs: 3}
  dataset: {ref: hpo.dataset}
  models: {from: hpo, select: top-3}
"""
    assert valid(base + train)


MISTAKES = [
    ("trainer:", "trainr:"),
    ("epochs: 9", "epoch: 9"),
    ("epochs: 9", "epochs: nine"),
    ("lr: 0.1", "lrr: 0.1"),
    ("lr: 0.1", "lr: x"),
    ("params: {lr", "parms: {lr"),
    ("num_samples: 9", "num_samples: many"),
    ("num_samples: 9", "nums: 9"),
    ("hyperparameters:", "hyperparams:"),
    ("accuracy: max", "accuracy: up"),
    ("depth: 8", "depth: deep"),
    ("batch_size: 64", "batch_size: 0"),
    ("pipeline: [hpo]", "pipeline: []"),
    ("pipeline: [hpo]", "steps: {}"),
    ("pipeline: [hpo]", "pipeline: [hpo]\ngeneral: {sed: 1}"),
    ("pipeline: [hpo]", "pipeline: [hpo]\ngeneral: {workers: -1}"),
    ("{accuracy: max}", "{accuracy: max}\n  models: {select: best}"),
]


@pytest.mark.parametrize(("old", "new"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_not_valid(
    valid: Callable[[Any], bool], base: str, old: str, new: str
) -> None:
    assert old in base
    assert not valid(base.replace(old, new, 1))


def test_every_key_is_explained(catalog: Any) -> None:
    schema = json_schema(catalog)
    for name in ("General", "HandOver", "StepConfig"):
        for key, one in schema["$defs"][name]["properties"].items():
            assert one["description"], (name, key)


def test_the_types_are_those_installed(catalog: Any) -> None:
    schema = json_schema(catalog)
    types = schema["$defs"]["optimizer_component"]["properties"]["type"]["anyOf"][0]["enum"]
    assert types == ["Adam", "SGD"]


@pytest.mark.parametrize("example", sorted(EXAMPLES.rglob("*.yml")), ids=lambda path: path.name)
def test_the_examples_are_valid(example: Path) -> None:
    schema = json_schema(load_catalog())
    assert Validator(schema).valid(load_source(example).data, schema)


def test_an_independent_validator_agrees(catalog: Any, base: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json_schema(catalog)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for text in (base, *(base.replace(old, new, 1) for old, new in MISTAKES)):
        data = from_text(text).data
        assert validator.is_valid(data) == Validator(schema).valid(data, schema)
