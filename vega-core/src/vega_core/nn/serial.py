"""Graphs as plain data: JSON out, JSON in, and the canonical hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

import numpy as np

from vega_core.errors import ModelError, ShapeError, suggest
from vega_core.nn.graph import ControlSpec, Graph, Node
from vega_core.nn.initializers import INITIALIZERS, Initializer
from vega_core.nn.ops import OPERATORS, Choice
from vega_core.nn.primitive import Kind, ParameterSpec, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, show
from vega_core.nn.values import annotations_of, coerced, encoded

FORMAT: Final = 1
"""Number of the form in which graphs and descriptions are written."""


def canonical_json(data: Any) -> str:
    """Returns the one JSON text of plain data: sorted keys, no spaces.

    Numbers that JSON does not have are the texts ``inf``, ``-inf`` and ``nan``.
    """
    return _text(encoded(data))


def graph_to_dict(graph: Graph) -> dict[str, Any]:
    """Returns the graph as plain data that `graph_from_dict` reads back."""
    return {
        "format": FORMAT,
        "inputs": {name: _spec(spec) for name, spec in graph.inputs.items()},
        "controls": {
            name: {**_spec(control), "default": encoded(control.default)}
            for name, control in graph.controls.items()
        },
        "parameters": {
            name: {**_spec(spec), "kind": spec.kind, "init": _record(spec.init.written())}
            for name, spec in graph.parameters.items()
        },
        "nodes": [
            {
                "name": node.name,
                "op": {
                    "type": type(node.op).__name__,
                    "version": node.op.version,
                    **encoded(node.op.attributes()),
                },
                "inputs": list(node.inputs),
                "params": dict(node.params),
                "module": node.module,
            }
            for node in graph.nodes
        ],
        "outputs": dict(graph.outputs),
    }


def graph_hash(graph: Graph) -> str:
    """Returns the SHA-256 of what a graph computes.

    Where parameters and controls begin is no part of it, nor which module a node came from.

    Equal hashes mean: the same program on arrays of the same names and shapes.
    """
    data = graph_to_dict(graph)
    for part, key in (("controls", "default"), ("parameters", "init")):
        for item in data[part].values():
            del item[key]
    for node in data["nodes"]:
        del node["module"]
    return hashlib.sha256(_text(data).encode()).hexdigest()


def graph_from_dict(
    data: Mapping[str, Any], find: Callable[[str], type[Primitive]] | None = None
) -> Graph:
    """Builds a graph from plain data and checks it.

    Args:
        data: What `graph_to_dict` gave.
        find: Gives the class of an operator that is not the core's.

    Raises:
        ModelError: The data are of another format, name an unknown operator or value, or do not
            fit together.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, Mapping) else data
        raise ModelError(f"a graph of format {found!r}; this version reads {FORMAT}")
    try:
        inputs = {name: _tensor_spec(name, item) for name, item in data["inputs"].items()}
        controls = {name: _control(name, item) for name, item in data["controls"].items()}
        parameters = {name: _parameter(name, item) for name, item in data["parameters"].items()}
        nodes = tuple(_node(item, find) for item in data["nodes"])
        outputs = _names(data["outputs"], "outputs")
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise ModelError(f"the graph is malformed: {error!r}") from error
    specs = infer_specs(inputs, controls, parameters, nodes)
    for name, value in outputs.items():
        if value not in specs:
            raise ModelError(f"output {name!r} is {value!r}, which no node gives")
    return Graph(inputs, controls, parameters, nodes, outputs, specs)


def infer_specs(
    inputs: Mapping[str, TensorSpec],
    controls: Mapping[str, ControlSpec],
    parameters: Mapping[str, ParameterSpec],
    nodes: tuple[Node, ...],
) -> dict[str, TensorSpec]:
    """Returns the specification of every value, and checks the parameters.

    Raises:
        ModelError: A node reads an unknown value, two values have one name, or a parameter is of
            another element type than its operator needs.
        ShapeError: A node's inputs or parameters do not fit it.
    """
    specs = {**inputs, **{name: control.spec for name, control in controls.items()}}
    for node in nodes:
        for name in node.inputs:
            if name not in specs:
                raise ModelError(f"{node.name}: input {name!r} is no value{suggest(name, specs)}")
        if isinstance(node.op, Choice) and node.inputs[:1] and node.inputs[0] not in controls:
            raise ModelError(f"{node.name}: a choice is made by a control, not {node.inputs[0]!r}")
        arguments = tuple(specs[name] for name in node.inputs)
        try:
            outputs, wanted = node.op.infer(*arguments), node.op.parameters(*arguments)
        except ShapeError as error:
            raise ShapeError(f"{node.name}: {error}") from error
        except (TypeError, ValueError, IndexError, ArithmeticError) as error:
            shapes = ", ".join(map(str, arguments))
            raise ModelError(
                f"{node.name}: {type(node.op).__name__} cannot take {len(arguments)} inputs "
                f"({shapes}): {error}"
            ) from error
        _check_parameters(node, wanted, parameters)
        for index, spec in enumerate(outputs):
            if node.value(index) in specs:
                raise ModelError(f"two values have the name {node.value(index)!r}")
            specs[node.value(index)] = spec
    return specs


def _check_parameters(
    node: Node, wanted: Mapping[str, ParameterSpec], parameters: Mapping[str, ParameterSpec]
) -> None:
    if set(wanted) != set(node.params):
        raise ModelError(
            f"{node.name}: {type(node.op).__name__} has the parameters {sorted(wanted)}, and the "
            f"node names {sorted(node.params)}"
        )
    for role, spec in wanted.items():
        name = node.params[role]
        if name not in parameters:
            raise ModelError(f"{node.name}: no parameter {name!r}{suggest(name, parameters)}")
        found = parameters[name]
        if found.shape != spec.shape:
            raise ShapeError(
                f"{node.name}: parameter {name!r} is {show(found.shape)} and the "
                f"operator needs {show(spec.shape)}"
            )
        if found.dtype != spec.dtype:
            raise ModelError(
                f"{node.name}: parameter {name!r} is {found.dtype} and the operator needs "
                f"{spec.dtype}"
            )


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _spec(spec: TensorSpec | ParameterSpec | ControlSpec) -> dict[str, Any]:
    return {"shape": list(spec.shape), "dtype": spec.dtype}


def _record(record: Initializer) -> dict[str, Any]:
    values = {f.name: getattr(record, f.name) for f in fields(record)}  # type: ignore[arg-type]
    return {"type": type(record).__name__, **encoded(values)}


def _tensor_spec(name: str, item: Mapping[str, Any]) -> TensorSpec:
    dtype = coerced(item["dtype"], str, f"dtype of {name!r}")
    if np.dtype(dtype).name != dtype or np.dtype(dtype).kind not in "biuf":
        raise ModelError(f"dtype of {name!r}: {dtype!r} is no name of an element type")
    return TensorSpec(coerced(item["shape"], Shape, f"shape of {name!r}"), dtype)


def _control(name: str, item: Mapping[str, Any]) -> ControlSpec:
    spec = _tensor_spec(name, item)
    return ControlSpec(coerced(item["default"], float, f"control {name!r}"), spec.shape, spec.dtype)


def _parameter(name: str, item: Mapping[str, Any]) -> ParameterSpec:
    spec = _tensor_spec(name, item)
    kind = coerced(item["kind"], Kind, f"kind of {name!r}")
    return ParameterSpec(spec.shape, _initializer(name, item["init"]), kind, spec.dtype)


def _initializer(name: str, item: Mapping[str, Any]) -> Initializer:
    kind = coerced(item["type"], str, f"initializer of {name!r}")
    if kind not in INITIALIZERS:
        raise ModelError(f"unknown initializer {kind!r}{suggest(kind, INITIALIZERS)}")
    annotations = annotations_of(INITIALIZERS[kind])
    values = {
        key: coerced(value, annotations[key], f"{kind}.{key} of {name!r}")
        for key, value in item.items()
        if key != "type"
    }
    return INITIALIZERS[kind](**values)


def _node(item: Mapping[str, Any], find: Callable[[str], type[Primitive]] | None) -> Node:
    name = coerced(item["name"], str, "name of a node")
    try:
        op = _operator(item["op"], find)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    inputs = coerced(item["inputs"], tuple[str, ...], f"inputs of {name!r}")
    params = _names(item["params"], f"parameters of {name!r}")
    return Node(name, op, inputs, params, coerced(item["module"], str, f"module of {name!r}"))


def _operator(item: Mapping[str, Any], find: Callable[[str], type[Primitive]] | None) -> Primitive:
    attributes = dict(item)
    kind = coerced(attributes.pop("type"), str, "type of an operator")
    if kind in OPERATORS:
        cls = OPERATORS[kind]
    elif find is not None:
        cls = find(kind)
    else:
        raise ModelError(f"unknown operator {kind!r}{suggest(kind, OPERATORS)}")
    version = attributes.pop("version")
    if version != cls.version:
        raise ModelError(f"{kind} of version {version!r}; this version reads {cls.version}")
    return cls.from_attributes(attributes)


def _names(item: Mapping[str, Any], what: str) -> dict[str, str]:
    return {key: coerced(value, str, what) for key, value in item.items()}
