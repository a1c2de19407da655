"""From the nodes of an ONNX file to a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from vega_core.errors import ModelError
from vega_core.exchange.onnx.names import Names
from vega_core.exchange.onnx.reading.building import Building
from vega_core.exchange.onnx.reading.model import Function, Model, check_supported, key_of
from vega_core.exchange.onnx.reading.names import dotted
from vega_core.exchange.onnx.reading.site import Site
from vega_core.exchange.onnx.reading.table import READINGS
from vega_core.exchange.onnx.reading.tensors import Stored, element_type, stored
from vega_core.exchange.onnx.reading.uses import is_parameter, uses_of
from vega_core.exchange.onnx.reading.values import Value, Weight, known
from vega_core.nn.graph import Graph
from vega_core.nn.shapes import TensorSpec

_DEEPEST: Final = 16
"""How many functions may call one another."""
_MOST_CALLS: Final = 100_000

FAULTS: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What NumPy and Python raise where a message holds nonsense."""
_NOWHERE: Final = Path("/nonexistent")
"""The folder of arrays that are attributes, which stand in the model itself."""


class Reader:
    """Walks through the nodes of a model once.

    Args:
        model: The file's content.
        stored: Its arrays by name.
        specs: Specification of each input.
        source: What the file is called.
    """

    def __init__(
        self,
        model: Model,
        arrays: Mapping[str, Stored],
        specs: Mapping[str, TensorSpec],
        source: str,
    ) -> None:
        self._model = model
        self._building = Building(source)
        self._uses = uses_of(model, arrays)
        self._labels = Names()
        self._parameters = Names()
        self._calls = 0
        self._batch = _batch(model)
        self._read = _read_names(model)
        self._scope: dict[str, Value] = {}
        for one, (name, spec) in zip(model.inputs, specs.items(), strict=True):
            self._scope[one.name] = self._building.input(name, spec)
        for name, array in arrays.items():
            self._scope[name] = self._array(name, array)

    def graph(self) -> Graph:
        """Returns the graph.

        Raises:
            ModelError: A node has no counterpart, or is malformed; names it.
            ShapeError: The inputs do not fit.
        """
        for node in self._model.graph.node:
            self._run(node, self._scope, {}, 0)
        names = self._model.outputs
        labels = ["output"] if len(names) == 1 else [dotted(name) or "output" for name in names]
        if len(set(labels)) < len(labels):
            raise ModelError(f"two outputs have one name: {', '.join(labels)}")
        outputs = {}
        for label, name in zip(labels, names, strict=True):
            if name not in self._scope:
                raise ModelError(f"output {name!r} is given by no node")
            outputs[label] = self._building.computed(label, self._scope[name]).name
        return self._building.draft.graph(outputs).pruned()

    def _array(self, name: str, array: Stored) -> Value:
        if is_parameter(self._model, name, array):
            return self._weight(name, array.load, array.spec, self._uses.single(name))
        return known(array.load())

    def _weight(self, name: str, load: Any, spec: TensorSpec, single: bool) -> Weight:
        label = self._parameters.fresh(dotted(name) or "parameter")
        return Weight(label, load, spec, single, spec)

    def _run(
        self, node: Any, scope: dict[str, Value], given: Mapping[str, Any], depth: int
    ) -> None:
        """Reads a node.

        Args:
            node: ONNX's NodeProto.
            scope: Values by name, which the outputs join.
            given: Attributes of the function that it is part of.
            depth: How many functions it is inside of.
        """
        kind = node.op_type
        name = self._labels.fresh(dotted(node.name) or kind.lower() or "node")
        with _located(node.name or name, kind):
            inputs = [_input(one, scope) for one in node.input]
            attributes = {one.name: _referred(one, given) for one in node.attribute}
            attributes = {key: one for key, one in attributes.items() if one is not None}
            self._calls += 1
            if self._calls > _MOST_CALLS:
                raise ModelError("the model calls too many nodes")
            key = key_of(node)
            if key in self._model.functions:
                outputs = self._call(self._model.functions[key], inputs, attributes, depth)
            elif kind == "Identity" and node.output[0] in self._uses.copies and not depth:
                outputs = (self._copied(node.output[0], inputs[0]),)
            else:
                read = READINGS[key](self._site(node, name, inputs, attributes, depth))
                outputs = read if isinstance(read, tuple) else (read,)
            for output, value in zip(node.output, outputs, strict=False):
                if output:
                    scope[output] = self._freed(output, value, depth)

    def _freed(self, name: str, value: Value, depth: int) -> Value:
        """Returns a weight that is laid out no further where it is read in several ways."""
        if isinstance(value, Weight) and not depth and not self._uses.single(name):
            return replace(value, single=False)
        return value

    def _site(
        self,
        node: Any,
        name: str,
        inputs: Sequence[Value | None],
        attributes: Mapping[str, Any],
        depth: int,
    ) -> Site:
        return Site(
            node.op_type,
            name,
            self._model.opset,
            inputs,
            attributes,
            [bool(one) and (depth > 0 or one in self._read) for one in node.output],
            self._batch,
            lambda tensor: stored(self._model.onnx, tensor, _NOWHERE).load(),
            lambda number: element_type(self._model.onnx, number),
            self._building,
        )

    def _copied(self, name: str, value: Value | None) -> Value:
        if not isinstance(value, Weight):
            raise ModelError("a copy of nothing")
        return self._weight(name, value.array, value.spec, self._uses.single(name))

    def _call(
        self,
        function: Function,
        inputs: Sequence[Value | None],
        attributes: Mapping[str, Any],
        depth: int,
    ) -> tuple[Value, ...]:
        """Reads the body of a function that the file defines."""
        if depth >= _DEEPEST:
            raise ModelError("functions call one another without end")
        pairs = zip(function.input, inputs, strict=False)
        scope = {name: value for name, value in pairs if value is not None}
        defaults = {one.name: one for one in function.attribute_proto}
        for node in function.node:
            self._run(node, scope, {**defaults, **attributes}, depth + 1)
        return tuple(scope[name] for name in function.output)


def read_graph(
    model: Model, arrays: Mapping[str, Stored], specs: Mapping[str, TensorSpec], source: str
) -> Graph:
    """Returns the graph of a model.

    Args:
        model: The file's content.
        arrays: Its arrays by name.
        specs: Specification of each input, in the model's order, by the name that it gets.
        source: What the file is called.

    Raises:
        ModelError: Operators have no counterpart, all of which are named, or a node is malformed.
        ShapeError: The inputs do not fit.
    """
    check_supported(model, READINGS)
    return Reader(model, arrays, specs, source).graph()


@contextmanager
def _located(name: str, kind: str) -> Iterator[None]:
    """Puts the node in front of errors."""
    try:
        yield
    except ModelError as error:
        raise type(error)(f"{name}: {error}") from error.__cause__
    except FAULTS as error:
        raise ModelError(f"{name}: {kind} is malformed: {error!r}") from error


def _input(name: str, scope: Mapping[str, Value]) -> Value | None:
    if not name:
        return None
    if name not in scope:
        raise ModelError(f"reads {name!r}, which nothing before it gives")
    return scope[name]


def _referred(attribute: Any, given: Mapping[str, Any]) -> Any:
    """Returns an attribute, or the one of the calling function that it refers to."""
    name = attribute.ref_attr_name
    return given.get(name) if name else attribute


def _batch(model: Model) -> int | None:
    """Returns the size of the batch that a file was made for, where all inputs say one."""
    sizes = {one.shape[0] if one.shape else None for one in model.inputs}
    return sizes.pop() if len(sizes) == 1 else None


def _read_names(model: Model) -> set[str]:
    """Returns the names that a node of the graph reads, or that are outputs."""
    read = {name for node in model.graph.node for name in node.input}
    return read.union(model.outputs)
