"""Operators that join arrays along an axis, and take them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import taken
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, axes_of, axis_of, show

END: Final = 2**63 - 1
"""As an end of `Slice`: the last element and all before it; -END is the same backwards."""


@dataclass(frozen=True)
class Concat(Primitive):
    """ONNX Concat: inputs one after another along one axis.

    Attributes:
        axis: The axis that grows.
    """

    axis: int = 1

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        first, *others = taken(self, inputs, max(len(inputs), 1))
        axis = axis_of(self.axis, first.shape)
        for other in others:
            same = len(other.shape) == len(first.shape) and other.dtype == first.dtype
            if not same or any(
                a != b and i != axis
                for i, (a, b) in enumerate(zip(first.shape, other.shape, strict=True))
            ):
                raise ShapeError(f"cannot concatenate {first} with {other} along axis {axis}")
        sizes = [x.shape[axis] for x in inputs]
        if min(sizes) < 0 < max(sizes):
            shapes = " and ".join(str(x) for x in inputs)
            raise ShapeError(f"cannot concatenate a batch with a fixed size: {shapes}")
        size = sum(sizes)
        return (TensorSpec((*first.shape[:axis], size, *first.shape[axis + 1 :]), first.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (np.concatenate(call.inputs, self.axis),)


@dataclass(frozen=True)
class Split(Primitive):
    """ONNX Split: the input cut along one axis; one output a part.

    Attributes:
        axis: The axis that is cut.
        sizes: Size of each part; -k is k times the batch size, where the axis is of the batch.
    """

    axis: int
    sizes: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        axis = axis_of(self.axis, x.shape)
        size = x.shape[axis]
        sign = 1 if size > 0 else -1
        bad = not self.sizes or any(part * sign < 1 for part in self.sizes)
        if bad or sum(self.sizes) != size:
            raise ShapeError(f"parts of {show(self.sizes)} do not add up to axis {axis} of {x}")
        around = x.shape[:axis], x.shape[axis + 1 :]
        return tuple([TensorSpec((*around[0], part, *around[1]), x.dtype) for part in self.sizes])

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        unit = x.shape[self.axis] // abs(sum(self.sizes))
        ends = np.cumsum([abs(part) * unit for part in self.sizes])
        return tuple(np.split(x, ends[:-1], self.axis))


@dataclass(frozen=True)
class Slice(Primitive):
    """ONNX Slice: every so many elements between two places, along some axes.

    Places beyond the input are moved to its ends; negative ones count from there. The batch can
    only be taken whole, forwards (from 0 to `END` by 1) or backwards (from -1 to -`END` by -1).

    Attributes:
        starts: First place along each of the axes.
        ends: Place along each of the axes before which it ends.
        axes: The axes.
        steps: Distance between the elements along each of the axes; negative: backwards.
    """

    starts: Shape
    ends: Shape
    axes: Shape
    steps: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        if not len(self.starts) == len(self.ends) == len(self.axes) == len(self.steps):
            raise ShapeError(f"{self} has not one start, end and step an axis, for {show(x.shape)}")
        shape = list(x.shape)
        for place, axis in enumerate(axes_of(self.axes, x.shape)):
            start, end, step = self.starts[place], self.ends[place], self.steps[place]
            size = shape[axis]
            if size < 0 and (start, end, step) in ((0, END, 1), (-1, -END, -1)):
                continue
            shape[axis] = 0 if size < 0 or step == 0 else bounds(start, end, step, size)[1]
            if shape[axis] < 1:
                raise ShapeError(
                    f"cannot slice axis {axis} of {show(x.shape)} from {start} to {end} by {step}"
                )
        return (TensorSpec(tuple(shape), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        for start, end, axis, step in zip(
            self.starts, self.ends, self.axes, self.steps, strict=True
        ):
            first, count = bounds(start, end, step, x.shape[axis])
            x = np.take(x, range(first, first + step * count, step), axis)
        return (x,)


def bounds(start: int, end: int, step: int, size: int) -> tuple[int, int]:
    """Returns the first place and the number of elements of a slice of an axis, by ONNX's rule."""
    start, end = (place + size if place < 0 else place for place in (start, end))
    if step > 0:
        start, end = (min(max(place, 0), size) for place in (start, end))
    else:
        start, end = min(max(start, 0), size - 1), min(max(end, -1), size - 1)
    return start, max(-((start - end) // step), 0)
