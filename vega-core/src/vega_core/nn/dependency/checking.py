"""Whether copies of channels stand where operators that move channels put them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.dependency.fitting import Fit, fitted
from vega_core.nn.dependency.resizing import Resizing
from vega_core.nn.graph import Graph, Node
from vega_core.nn.primitive import Call
from vega_core.nn.shapes import with_batch

MOVING: Final = (
    ops.ChannelShuffle,
    ops.Concat,
    ops.DepthToSpace,
    ops.Flatten,
    ops.Reshape,
    ops.Slice,
    ops.SpaceToDepth,
    ops.Split,
    ops.Squeeze,
    ops.Transpose,
    ops.Unsqueeze,
)
"""Operators that give the elements that they read, in another order."""


def check_order(resizing: Resizing) -> None:
    """Checks that a channel's copies are where they are taken for copies of it.

    Operators that move elements run on the elements' own numbers, once with the old sizes and once
    with the new; groups must hold whole groups. Removing channels needs no such check.

    Raises:
        ModelError: Some are not; names the operator.
    """
    for node in resizing.graph.nodes:
        if isinstance(node.op, MOVING):
            good = _moved_alike(resizing, node)
        elif isinstance(node.op, (ops.Conv, ops.ConvTranspose)):
            good = _grouped_alike(resizing, node, node.op.group)
        elif isinstance(node.op, ops.GroupNormalization):
            good = _grouped_alike(resizing, node, node.op.num_groups)
        else:
            continue
        if not good:
            raise ModelError(
                f"copies would be out of order: {type(node.op).__name__} {node.name!r} deals its "
                "channels out anew"
            )


def _moved_alike(resizing: Resizing, node: Node) -> bool:
    graph, places = resizing.graph, resizing.places
    names = graph.values(node)
    read, made = ([places[name] for name in part] for part in (node.inputs, names))
    if all(axis is None for value in (*read, *made) for axis in value):
        return True
    shapes = [[graph.specs[name].shape for name in part] for part in (node.inputs, names)]
    op = fitted(node.op, Fit(shapes[0], shapes[1], read, made))
    before = _numbered(graph, node)
    expected = node.op.reference(Call(before, {}))
    actual = op.reference(Call([_taken(x, at) for x, at in zip(before, read, strict=True)], {}))
    return all(
        np.array_equal(a, _taken(b, at)) for a, b, at in zip(actual, expected, made, strict=True)
    )


def _numbered(graph: Graph, node: Node) -> list[Array]:
    """Returns the inputs of a node, of one sample, with every element another number."""
    arrays, first = [], 0
    for name in node.inputs:
        shape = with_batch(graph.specs[name].shape, 1)
        size = int(np.prod(shape, dtype=np.int64))
        arrays.append(np.arange(first, first + size).reshape(shape))
        first += size
    return arrays


def _taken(array: Array, places: Sequence[Array | None]) -> Array:
    for axis, at in enumerate(places):
        array = array if at is None else np.take(array, at, axis)
    return array


def _grouped_alike(resizing: Resizing, node: Node, groups: int) -> bool:
    """Tells whether each group still holds what it held, in one order."""
    shape = resizing.graph.specs[node.inputs[0]].shape
    for value, size in ((node.inputs[0], shape[1]), (node.name, _channels(resizing, node))):
        at = resizing.places[value][1]
        if groups == 1 or groups == shape[1] or at is None:
            continue
        rows = at.reshape(groups, -1)
        each = size // groups
        if (rows - each * np.arange(groups)[:, None] != rows[0]).any() or (rows[0] >= each).any():
            return False
    return True


def _channels(resizing: Resizing, node: Node) -> int:
    return resizing.graph.specs[node.name].shape[1]
