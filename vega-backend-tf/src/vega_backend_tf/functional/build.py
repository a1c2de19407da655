"""From a graph and its parameters to a functional model of Keras."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import keras
from keras import ops as K

from vega_backend_tf.functional import elementwise, shaping, weighted, windows
from vega_backend_tf.functional.spot import Form, Spot, open_sizes
from vega_backend_tf.layout import Layout, assign
from vega_core.backend import Native, Params
from vega_core.errors import ModelError
from vega_core.nn import Graph
from vega_core.nn.graph import Node
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import Shape

FORMS: Final[Mapping[type[Primitive], Form]] = MappingProxyType(
    {**elementwise.FORMS, **shaping.FORMS, **weighted.FORMS, **windows.FORMS}
)
"""Form by operator type."""


def functional(graph: Graph, params: Params) -> Any:
    """Returns a graph as a functional `keras.Model` of Keras's own layers and operations.

    Inputs and outputs have the graph's names and order of axes; layers the names of its nodes, and
    what is a layer's keeps that layer's form: kernels lie as Keras keeps them. Parameters that
    belong to no layer are constants.

    Args:
        graph: A graph in evaluation, without controls and choices, as
            `vega_core.exchange.deployable` returns it.
        params: Every parameter and statistic by name.

    Raises:
        ModelError: Keras has no form of an operator; names the node.
    """
    build = _Build(graph, params)
    inputs = {
        name: keras.Input(
            batch_shape=[None if size < 0 else size for size in spec.shape],
            dtype=spec.dtype,
            name=name,
        )
        for name, spec in graph.inputs.items()
    }
    build.values.update(inputs)
    for node in graph.nodes:
        try:
            build.add(node)
        except ModelError as error:
            raise ModelError(f"{node.name}: {error}") from error
    outputs = {name: build.output(value) for name, value in graph.outputs.items()}
    fixed = [name for name, y in outputs.items() if not keras.backend.is_keras_tensor(y)]
    if fixed:
        raise ModelError(f"Keras has no model with an output that is a constant: {fixed[0]!r}")
    return keras.Model(_one(inputs), _one(outputs), name="vega")


class _Build:
    """Calls forms, and turns values between both orders of axes."""

    def __init__(self, graph: Graph, params: Params) -> None:
        self.values: dict[str, Any] = {}
        self._graph, self._params = graph, params
        self._layout: Layout = assign(graph)
        self._turned: dict[tuple[str, bool], Any] = {}

    def add(self, node: Node) -> None:
        """Computes a node."""
        graph, layout = self._graph, self._layout
        form = FORMS.get(type(node.op))
        if form is None:
            what = node.op.name if isinstance(node.op, Native) else type(node.op).__name__
            raise ModelError(
                f"a file of Keras holds Keras's own layers and operations, and {what} is none of "
                "them; export to savedmodel"
            )
        last = layout.nodes[node.name]
        rank = max((len(graph.specs[name].shape) for name in node.inputs), default=0)
        names = graph.values(node)
        spot = Spot(
            node.name,
            [self._input(name, last, rank) for name in node.inputs],
            {role: self._params[name] for role, name in node.params.items()},
            [graph.specs[name] for name in node.inputs],
            [graph.specs[name] for name in names],
            last,
        )
        results = form(node.op, spot)
        results = results if isinstance(results, tuple) else (results,)
        for name, result in zip(names, results, strict=True):
            held, given = layout.values[name], layout.given[name]
            shape = graph.specs[name].shape
            self.values[name] = result if held == given else _turned(result, shape, held)

    def output(self, name: str) -> Any:
        """Returns a value with the graph's order of axes."""
        return self._input(name, False, 0)

    def _input(self, name: str, last: bool, rank: int) -> Any:
        shape, x = self._graph.specs[name].shape, self.values[name]
        if last and len(shape) < rank:
            return _aligned(x, shape, rank)
        if len(shape) < 3 or self._layout.values[name] == last:
            return x
        if (name, last) not in self._turned:
            self._turned[name, last] = _turned(x, shape, last)
        return self._turned[name, last]


def _turned(x: Any, shape: Shape, last: bool) -> Any:
    """Returns an array with its channels last, or second again."""
    rank = len(shape)
    return K.transpose(x, (0, *range(2, rank), 1) if last else (0, rank - 1, *range(1, rank - 1)))


def _aligned(x: Any, shape: Shape, rank: int) -> Any:
    """Returns an array of fewer axes so that it broadcasts to one with its channels last."""
    if not shape:
        return x
    longer = (1,) * (rank - len(shape)) + shape
    return _turned(K.reshape(x, open_sizes(longer)), longer, True)


def _one(values: dict[str, Any]) -> Any:
    return values if len(values) > 1 else next(iter(values.values()))
