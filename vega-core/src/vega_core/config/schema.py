"""The JSON Schema of configurations, with what is installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vega_core.config.model import STEP_NAME, RunConfig
from vega_core.config.signatures import (
    DEFAULT_TYPES,
    SECTION_KINDS,
    SLOTS,
    Signature,
    Signatures,
    is_nested,
)
from vega_core.config.values import schema_of
from vega_core.errors import PluginError
from vega_core.plugins import Catalog, kind_of
from vega_core.plugins.parameters import Parameter

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = {"type": "string", "description": "Another section, `step.section`, as the base of this."}
_AUTO = {"const": "auto", "description": "Filled in from the data."}
_ITEM = {
    "type": "object",
    "required": ["key", "type"],
    "properties": {
        "key": {
            "type": "string",
            "description": "The name to bind: `trainer.optimizer.params.lr`.",
        },
        "type": {"type": "string", "description": "The type, such as `FLOAT_EXP` or `CATEGORY`."},
        "range": {"description": "An interval `[low, high]`, or a list of choices."},
    },
}
_CONDITION = {
    "type": "object",
    "required": ["child", "parent", "type", "range"],
    "properties": {
        "key": {"type": "string"},
        "child": {"type": "string", "description": "The name that the condition switches."},
        "parent": {"type": "string", "description": "The name that it looks at."},
        "type": {"enum": ["EQUAL", "NOT_EQUAL", "IN", "FORBIDDEN"]},
        "range": {"description": "Values of the parent."},
    },
}
_SPACE = {
    "type": "object",
    "properties": {
        "type": {"const": "SearchSpace"},
        "ref": _REF,
        "hyperparameters": {"type": "array", "items": _ITEM},
        "condition": {"type": "array", "items": _CONDITION},
        "forbidden": {"type": "array", "items": {"type": "object"}},
    },
    "additionalProperties": False,
}


def json_schema(catalog: Catalog) -> Schema:
    """Returns the JSON Schema (draft 2020-12) of configurations.

    Components that cannot be imported are left out: their blocks may then hold anything.
    """
    return _Builder(Signatures(catalog)).document()


class _Builder:
    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures
        self._definitions: Schema = {}

    def document(self) -> Schema:
        """Turns the typed model inside out: steps are keys of the top level."""
        model = RunConfig.model_json_schema(by_alias=True)
        self._definitions = model.pop("$defs")
        self._definitions["StepConfig"].pop("required")  # a `ref` may bring `pipe_step`
        step = self._definitions["StepConfig"]["properties"]
        for section, kind in SECTION_KINDS.items():
            block = self._block(kind, default=DEFAULT_TYPES.get(section))
            if section == "evaluator":
                block = {"anyOf": [block, {"type": "array", "items": block}]}
            step[section] = {"description": step[section]["description"], **block}
        properties = model["properties"]
        properties.pop("steps")
        return {
            "$schema": _DIALECT,
            "title": "Vega configuration",
            "type": "object",
            "required": ["pipeline"],
            "properties": properties,
            "propertyNames": {"pattern": STEP_NAME},
            "additionalProperties": {"$ref": "#/$defs/StepConfig"},
            "$defs": self._definitions,
        }

    def _block(self, kind: str, default: str | None = None) -> Schema:
        """Returns the schema of a component of a kind, by reference."""
        key = f"{kind}_component"
        if key not in self._definitions:
            self._definitions[key] = {}
            self._definitions[key] = self._component(kind, default)
        return {"$ref": f"#/$defs/{key}"}

    def _component(self, kind: str, default: str | None) -> Schema:
        branches = []
        for name in self._signatures.names(kind):
            signature = self._signature(kind, name)
            if signature is not None and signature.parameters is not None:
                branches.append(self._branch(name, signature, signature.parameters, default))
        names: list[Any] = [{"enum": self._signatures.names(kind)}, {"type": "string"}]
        # No type is required: a block may have it from a `ref`, or from the step before.
        schema: Schema = {
            "type": "object",
            "properties": {"type": {"anyOf": names, "description": f"The type of {kind}."}},
        }
        if branches:
            schema["allOf"] = branches
        return schema

    def _signature(self, kind: str, name: str) -> Signature | None:
        try:
            return self._signatures.find(kind, name)
        except PluginError:
            return None

    def _branch(
        self,
        name: str,
        signature: Signature,
        parameters: Mapping[str, Parameter],
        default: str | None,
    ) -> Schema:
        """Returns what holds for one type: its parameters, and no others."""
        condition: Schema = {"properties": {"type": {"const": name}}}
        if name != default:
            condition["required"] = ["type"]
        if signature.kind == "search_space" and name == "SearchSpace":
            return {"if": condition, "then": _SPACE}
        properties = {
            parameter.name: self._parameter(signature.kind, parameter)
            for parameter in parameters.values()
        }
        inner: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if is_nested(signature.kind):
            inner = {"properties": {"params": inner}, "additionalProperties": False}
        inner["properties"] = {"type": {}, "ref": _REF, **inner["properties"]}
        return {"if": condition, "then": inner}

    def _parameter(self, kind: str, parameter: Parameter) -> Schema:
        slot = SLOTS.get(kind, {}).get(parameter.name)
        schema = self._slot(slot) if slot else self._own(kind, parameter)
        if parameter.doc:
            schema["description"] = parameter.doc
        if not parameter.required and _is_plain(parameter.default):
            schema["default"] = parameter.default
        return schema

    def _own(self, kind: str, parameter: Parameter) -> Schema:
        schema = schema_of(parameter)
        self._definitions.update(schema.pop("$defs", {}))
        if kind == "network" and schema:
            return {"anyOf": [schema, _AUTO]}
        return schema

    def _slot(self, kind: str) -> Schema:
        one = self._block(kind)
        names = {"enum": self._signatures.names(kind)}
        each = {"anyOf": [names, {"type": "string"}, one]}
        several = {"type": "array", "items": each}
        return {"anyOf": [several if kind_of(kind).listed else one, {"type": "null"}]}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))
