"""Order along one axis: running sums, and which elements are the largest."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import NUMBERS, taken
from vega_core.nn.ops.reduction import reduced
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec, axis_of


@dataclass(frozen=True)
class CumSum(Primitive):
    """ONNX CumSum: the sum of all elements up to each, along one axis.

    Attributes:
        axis: The axis.
        exclusive: Whether an element is no part of its own sum.
        reverse: Whether the sums run from the end.
    """

    axis: int
    exclusive: bool = False
    reverse: bool = False

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1, NUMBERS)
        axis_of(self.axis, x.shape)
        return (x,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        x = np.moveaxis(call.inputs[0], self.axis, -1)
        if self.reverse:
            x = x[..., ::-1]
        if self.exclusive:
            x = np.concatenate([np.zeros_like(x[..., :1]), x[..., :-1]], -1)
        result = np.cumsum(x, -1, dtype=x.dtype)
        if self.reverse:
            result = result[..., ::-1]
        return (np.moveaxis(result, -1, self.axis),)


@dataclass(frozen=True)
class Extreme(Primitive):
    """Where along an axis an extreme element is; of equal ones the first. The output is int64.

    Attributes:
        axis: The axis; it may be that of the batch.
        keepdims: Whether it stays, with size 1.
    """

    axis: int
    keepdims: bool = False

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1, NUMBERS)
        axis = axis_of(self.axis, x.shape)
        if x.shape[axis] == 0:
            raise ShapeError(f"{type(self).__name__} of no elements: axis {axis} of {x}")
        return (TensorSpec(reduced(x.shape, (axis,), self.keepdims), "int64"),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        index = np.expand_dims(self.place(call.inputs[0]), self.axis)
        return (index if self.keepdims else np.squeeze(index, self.axis),)

    @abstractmethod
    def place(self, x: Array) -> Any:
        """Returns the indices, without the axis."""


@dataclass(frozen=True)
class ArgMax(Extreme):
    """ONNX ArgMax: where the largest element is; of equal ones the first. The output is int64."""

    def place(self, x: Array) -> Any:
        return np.argmax(x, self.axis)


@dataclass(frozen=True)
class ArgMin(Extreme):
    """ONNX ArgMin: where the smallest element is; of equal ones the first. The output is int64."""

    def place(self, x: Array) -> Any:
        return np.argmin(x, self.axis)


@dataclass(frozen=True)
class TopK(Primitive):
    """ONNX TopK: the k largest (or smallest) elements along an axis, in order.

    Outputs: the values, and where they were, int64. Of equal ones the first comes first. The
    gradient goes to the elements that were taken.

    Attributes:
        k: How many.
        axis: The axis; not that of the batch.
        largest: Whether the largest are taken, from the largest on, or the smallest from the
            smallest on.
    """

    k: int
    axis: int = -1
    largest: bool = True

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1, NUMBERS)
        axis = axis_of(self.axis, x.shape)
        if not 1 <= self.k <= x.shape[axis]:
            raise ShapeError(f"the {self.k} first of axis {axis} of {x}")
        shape = (*x.shape[:axis], self.k, *x.shape[axis + 1 :])
        return TensorSpec(shape, x.dtype), TensorSpec(shape, "int64")

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        order = descending(x, self.axis) if self.largest else np.argsort(x, self.axis, "stable")
        places = np.take(order, range(self.k), self.axis)
        return np.take_along_axis(x, places, self.axis), places


def descending(x: Array, axis: int) -> Array:
    """Returns where the elements are from the largest on; of equal ones the first comes first."""
    backwards = np.flip(np.argsort(np.flip(x, axis), axis, "stable"), axis)
    return np.asarray(x.shape[axis] - 1 - backwards)
