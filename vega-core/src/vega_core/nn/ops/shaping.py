"""Operators that move elements and compute nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, axis_of, show


@dataclass(frozen=True)
class Flatten(Primitive):
    """ONNX Flatten: two axes, the product of those before ``axis`` and of the rest.

    Attributes:
        axis: The first axis of the second group.
    """

    axis: int = 1

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        if not 0 <= self.axis <= len(x.shape):
            raise ShapeError(f"axis {self.axis} is outside of shape {show(x.shape)}")
        head, tail = math.prod(x.shape[: self.axis]), math.prod(x.shape[self.axis :])
        return (TensorSpec((head, tail), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        return (x.reshape(math.prod(x.shape[: self.axis]), -1),)


@dataclass(frozen=True)
class Reshape(Primitive):
    """ONNX Reshape: the same elements, in order, in another shape.

    Attributes:
        shape: The new dimensions; 0 copies the input's at this place, one -1 takes the rest.
    """

    shape: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        if any(d == 0 and i >= len(x.shape) for i, d in enumerate(self.shape)):
            raise ShapeError(f"cannot copy a dimension of {show(x.shape)} into {self.shape}")
        shape = [x.shape[i] if d == 0 else d for i, d in enumerate(self.shape)]
        open_places = [i for i, d in enumerate(self.shape) if d == -1]
        if len(open_places) > 1 or min(self.shape, default=0) < -1:
            raise ShapeError(f"a shape may leave one dimension open, and got {self.shape}")
        total = math.prod(x.shape)
        if open_places:
            known = math.prod(d for i, d in enumerate(shape) if i != open_places[0])
            if known == 0 or total % known:
                raise ShapeError(f"cannot reshape {show(x.shape)} to {self.shape}")
            shape[open_places[0]] = total // known
        if math.prod(shape) != total:
            raise ShapeError(f"cannot reshape {show(x.shape)} to {self.shape}")
        return (TensorSpec(tuple(shape), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        return (x.reshape([x.shape[i] if d == 0 else d for i, d in enumerate(self.shape)]),)


@dataclass(frozen=True)
class Concat(Primitive):
    """ONNX Concat: inputs one after another along one axis.

    Attributes:
        axis: The axis that grows.
    """

    axis: int = 1

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        first = inputs[0]
        axis = axis_of(self.axis, first.shape)
        for other in inputs[1:]:
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
class Pad(Primitive):
    """ONNX Pad in its constant mode: one value around the input.

    Attributes:
        pads: Elements added, first before every axis and then after every axis.
        value: The value added.
    """

    pads: Shape
    value: float = 0.0

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        rank = len(x.shape)
        if len(self.pads) != 2 * rank or min(self.pads) < 0:
            raise ShapeError(f"pads {self.pads} do not fit {show(x.shape)}: two an axis, none < 0")
        added = [self.pads[i] + self.pads[i + rank] for i in range(rank)]
        if any(n and d < 1 for n, d in zip(added, x.shape, strict=True)):
            raise ShapeError(f"pads {self.pads} would grow the batch of {show(x.shape)}")
        return (TensorSpec(tuple(map(sum, zip(x.shape, added, strict=True))), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        around = list(zip(self.pads[: x.ndim], self.pads[x.ndim :], strict=True))
        return (np.pad(x, around, constant_values=self.value),)
