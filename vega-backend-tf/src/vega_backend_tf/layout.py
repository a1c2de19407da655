"""Which values are held with their channels last: a pass over the graph before it is lowered.

TensorFlow convolves fastest so. Arrays turn once where a picture enters, and again where something
reads its axes in order; what works on elements runs on either form and follows its inputs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import tensorflow as tf

from vega_core.nn import Graph, TensorSpec, ops
from vega_core.nn.graph import Node
from vega_core.nn.ops.elementwise import Binary, Unary
from vega_core.nn.ops.reduction import Reduction
from vega_core.nn.shapes import Shape

SPATIAL: Final = (
    ops.AdaptiveAveragePool,
    ops.AdaptiveMaxPool,
    ops.AveragePool,
    ops.BatchNormalization,
    ops.Conv,
    ops.ConvTranspose,
    ops.DepthToSpace,
    ops.GlobalAveragePool,
    ops.GlobalMaxPool,
    ops.GroupNormalization,
    ops.InstanceNormalization,
    ops.MaxPool,
    ops.Resize,
    ops.SpaceToDepth,
)
"""Operators that run on pictures with their channels last."""

FOLLOWING: Final = (
    Binary,
    Reduction,
    Unary,
    ops.ChannelShuffle,
    ops.Cast,
    ops.Concat,
    ops.CumSum,
    ops.Dropout,
    ops.Pad,
    ops.PRelu,
    ops.Slice,
    ops.Split,
    ops.StopGradient,
    ops.Where,
)
"""Operators that run on either form."""


@dataclass(frozen=True)
class Layout:
    """How the values of a graph are held.

    Attributes:
        nodes: Whether a node runs with channels last.
        given: Whether its operator gives a value so.
        values: Whether a value is held so.
    """

    nodes: Mapping[str, bool]
    given: Mapping[str, bool]
    values: Mapping[str, bool]


def assign(graph: Graph) -> Layout:
    """Decides how values are held; candidates of one choice are held alike."""
    nodes: dict[str, bool] = {}
    given: dict[str, bool] = {}
    values: dict[str, bool] = dict.fromkeys((*graph.inputs, *graph.controls), False)
    chosen: dict[str, tuple[str, ...]] = {}
    for node in graph.nodes:
        if isinstance(node.op, ops.Choice):
            chosen[node.name] = node.inputs[1:]
            values[node.name] = any(values[value] for value in node.inputs[1:])
            continue
        nodes[node.name] = _runs_last(graph, node, values)
        for value in graph.values(node):
            last = nodes[node.name] and _gives_last(graph, node, graph.specs[value])
            given[value] = values[value] = last
    for name in reversed(chosen):
        values.update(dict.fromkeys(chosen[name], values[name]))
    return Layout(nodes, given, values)


def _runs_last(graph: Graph, node: Node, values: Mapping[str, bool]) -> bool:
    if not node.inputs:
        return False
    ranks = [len(graph.specs[value].shape) for value in node.inputs]
    if isinstance(node.op, SPATIAL):
        return ranks[0] > 2
    if not isinstance(node.op, FOLLOWING):
        return False
    if 0 in _dropped(graph, node):
        return False
    return any(
        values[value] and rank == max(ranks) for value, rank in zip(node.inputs, ranks, strict=True)
    )


def _gives_last(graph: Graph, node: Node, result: TensorSpec) -> bool:
    return len(result.shape) > 2 and 1 not in _dropped(graph, node)


def _dropped(graph: Graph, node: Node) -> Shape:
    """Returns the axes that a node reduces and does not keep."""
    if not isinstance(node.op, Reduction) or node.op.keepdims:
        return ()
    return node.op.places(graph.specs[node.inputs[0]].shape)


def turned(x: Any, shape: Shape, last: bool) -> Any:
    """Returns an array in the other form.

    Args:
        x: The array.
        shape: Its shape, in the graph's order of axes.
        last: Whether its channels are last in the result.
    """
    rank = len(shape)
    order = (0, *range(2, rank), 1) if last else (0, rank - 1, *range(1, rank - 1))
    if 1 in (abs(shape[1]), abs(math.prod(shape[2:]))) and min(shape[1:]) > 0:
        sizes = [*shape[2:], shape[1]] if last else shape[1:]
        return tf.reshape(x, (-1 if shape[0] < 0 else shape[0], *sizes))
    return tf.transpose(x, order)


def aligned(x: Any, shape: Shape, rank: int) -> Any:
    """Returns an array of fewer axes so that it broadcasts to one with its channels last."""
    if not shape:
        return x
    longer = (1,) * (rank - len(shape)) + shape
    sizes = [-1 if size < 0 else size for size in longer]
    return turned(tf.reshape(x, sizes), longer, True)
