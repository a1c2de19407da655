"""Operators that give the same elements another shape."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import taken
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, axes_of, broadcast, product, show


@dataclass(frozen=True)
class Flatten(Primitive):
    """ONNX Flatten: two axes, the product of those before ``axis`` and of the rest.

    Attributes:
        axis: The first axis of the second group.
    """

    axis: int = 1

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        if not 0 <= self.axis <= len(x.shape):
            raise ShapeError(f"axis {self.axis} is outside of shape {show(x.shape)}")
        head, tail = product(x.shape[: self.axis]), product(x.shape[self.axis :])
        return (TensorSpec((head, tail), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        head, tail = math.prod(x.shape[: self.axis]), math.prod(x.shape[self.axis :])
        return (x.reshape(head, tail),)


@dataclass(frozen=True)
class Reshape(Primitive):
    """ONNX Reshape: the same elements, in order, in another shape.

    Attributes:
        shape: The new dimensions; 0 copies the input's at this place, one -1 takes the rest.
    """

    shape: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        if any(d == 0 and i >= len(x.shape) for i, d in enumerate(self.shape)):
            raise ShapeError(f"cannot copy a dimension of {show(x.shape)} into {self.shape}")
        shape = [x.shape[i] if d == 0 else d for i, d in enumerate(self.shape)]
        open_places = [i for i, d in enumerate(self.shape) if d == -1]
        if len(open_places) > 1 or min(self.shape, default=0) < -1:
            raise ShapeError(f"a shape may leave one dimension open, and got {self.shape}")
        total = product(x.shape)
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
class Transpose(Primitive):
    """ONNX Transpose: the axes in another order.

    Attributes:
        perm: For each axis of the output, the input's.
    """

    perm: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        if sorted(self.perm) != list(range(len(x.shape))):
            raise ShapeError(f"{self.perm} is no order of the axes of {show(x.shape)}")
        return (TensorSpec(tuple([x.shape[axis] for axis in self.perm]), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (call.inputs[0].transpose(self.perm),)


@dataclass(frozen=True)
class Expand(Primitive):
    """ONNX Expand: the input repeated along axes of size 1, as broadcasting does.

    Attributes:
        shape: What the input is broadcast with, aligned at the last axis; 1 leaves an axis as it
            is, and so does 0 where the input has one there.
    """

    shape: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        new = len(self.shape) - len(x.shape)
        if min(self.shape, default=0) < 0 or 0 in self.shape[: max(new, 0)]:
            raise ShapeError(f"cannot expand {show(x.shape)} to {self.shape}")
        return (TensorSpec(broadcast(x.shape, [d or 1 for d in self.shape]), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        shape = np.broadcast_shapes(x.shape, tuple(d or 1 for d in self.shape))
        return (np.array(np.broadcast_to(x, shape)),)


@dataclass(frozen=True)
class Squeeze(Primitive):
    """ONNX Squeeze: without some axes of size 1.

    Attributes:
        axes: Those left out.
    """

    axes: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        axes = axes_of(self.axes, x.shape)
        if any(x.shape[axis] != 1 for axis in axes):
            raise ShapeError(f"axes {self.axes} of {show(x.shape)} are not all of size 1")
        kept = [size for axis, size in enumerate(x.shape) if axis not in axes]
        return (TensorSpec(tuple(kept), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (np.squeeze(call.inputs[0], self.axes),)


@dataclass(frozen=True)
class Unsqueeze(Primitive):
    """ONNX Unsqueeze: with more axes of size 1.

    Attributes:
        axes: The new ones, counted in the output.
    """

    axes: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        rank = len(x.shape) + len(self.axes)
        if not all(-rank <= axis < rank for axis in self.axes):
            raise ShapeError(f"axes {self.axes} are outside of {show(x.shape)} with them added")
        new = axes_of(self.axes, (1,) * rank)
        sizes = iter(x.shape)
        shape = tuple([1 if axis in new else next(sizes) for axis in range(rank)])
        return (TensorSpec(shape, x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (np.expand_dims(call.inputs[0], self.axes),)
