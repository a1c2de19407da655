"""Operators with the sizes that they have where channels are left out or copied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np

from vega_core.nn import ops
from vega_core.nn.dependency.labels import Ids
from vega_core.nn.ops.constant import numbers
from vega_core.nn.ops.slicing import bounds
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import Shape, axis_of

Places: TypeAlias = "tuple[Ids | None, ...]"
"""The old place at each new one, by axis; None where all stay."""


@dataclass(frozen=True)
class Fit:
    """What becomes of the axes around a node.

    Attributes:
        inputs: Shape of each input before.
        outputs: Shape of each output before.
        read: Places of each input.
        made: Places of each output.
    """

    inputs: Sequence[Shape]
    outputs: Sequence[Shape]
    read: Sequence[Places]
    made: Sequence[Places]

    def input(self, index: int) -> Shape:
        """Returns the new shape of an input."""
        return _resized(self.inputs[index], self.read[index])

    def output(self, index: int = 0) -> Shape:
        """Returns the new shape of an output."""
        return _resized(self.outputs[index], self.made[index])


def fitted(op: Primitive, fit: Fit) -> Primitive:
    """Returns the operator of the new sizes; itself where it has none that change."""
    if all(places is None for value in (*fit.read, *fit.made) for places in value):
        return op
    rule = _FITTINGS.get(type(op))
    return rule(op, fit) if rule else op


def _conv(op: ops.Conv | ops.ConvTranspose, fit: Fit) -> Primitive:
    channels = fit.input(0)[1]
    depthwise = 1 < op.group == fit.inputs[0][1]
    group = channels if depthwise else op.group
    return replace(op, out_channels=fit.output()[1], group=group)


def _constant(op: ops.Constant, fit: Fit) -> Primitive:
    array = np.asarray(op.value)
    for axis, places in enumerate(fit.made[0]):
        array = array if places is None else np.take(array, places, axis)
    return replace(op, value=numbers(array))


def _reshape(op: ops.Reshape, fit: Fit) -> Primitive:
    old, read, shape = fit.outputs[0], fit.input(0), []
    for axis, (wanted, size) in enumerate(zip(op.shape, fit.output(), strict=True)):
        copied = wanted == 0 and read[axis] == size
        stays = wanted == -1 or copied or size == old[axis] == wanted
        shape.append(wanted if stays else size)
    return replace(op, shape=tuple(shape))


def _expand(op: ops.Expand, fit: Fit) -> Primitive:
    last = fit.output()[-len(op.shape) :] if op.shape else ()
    old = fit.outputs[0][-len(op.shape) :] if op.shape else ()
    sizes = zip(op.shape, old, last, strict=True)
    return replace(
        op, shape=tuple([new if wanted == was else wanted for wanted, was, new in sizes])
    )


def _split(op: ops.Split, fit: Fit) -> Primitive:
    axis = axis_of(op.axis, fit.inputs[0])
    return replace(op, sizes=tuple([fit.output(k)[axis] for k in range(len(op.sizes))]))


def _slice(op: ops.Slice, fit: Fit) -> Primitive:
    starts, ends = list(op.starts), list(op.ends)
    for number, axis in enumerate(op.axes):
        place = axis_of(axis, fit.inputs[0])
        places = fit.read[0][place]
        if places is not None:
            first, _ = bounds(starts[number], ends[number], 1, fit.inputs[0][place])
            starts[number] = int((places < first).sum())
            ends[number] = starts[number] + fit.output()[place]
    return replace(op, starts=tuple(starts), ends=tuple(ends))


def _pad(op: ops.Pad, fit: Fit) -> Primitive:
    pads, rank = list(op.pads), len(fit.inputs[0])
    for axis, places in enumerate(fit.made[0]):
        if places is not None:
            first, last = pads[axis], pads[axis] + fit.inputs[0][axis]
            pads[axis] = int((places < first).sum())
            pads[axis + rank] = int((places >= last).sum())
    return replace(op, pads=tuple(pads))


def _resized(shape: Shape, places: Places) -> Shape:
    sizes = zip(shape, places, strict=True)
    return tuple([size if kept is None else len(kept) for size, kept in sizes])


_FITTINGS: Final[Mapping[type[Primitive], Callable[[Any, Fit], Primitive]]] = MappingProxyType(
    {
        ops.Constant: _constant,
        ops.Conv: _conv,
        ops.ConvTranspose: _conv,
        ops.Embedding: lambda op, fit: replace(op, embedding_dim=fit.output()[-1]),
        ops.Expand: _expand,
        ops.Gemm: lambda op, fit: replace(op, out_features=fit.output()[1]),
        ops.Pad: _pad,
        ops.Parameter: lambda op, fit: replace(op, shape=fit.output()),
        ops.Reshape: _reshape,
        ops.Slice: _slice,
        ops.Split: _split,
    }
)
