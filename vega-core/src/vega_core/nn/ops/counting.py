"""Numbers in order, and places in the order of numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import ANY, INTEGERS, NUMBERS, fits, taken, typed
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec, axis_of


@dataclass(frozen=True)
class OneHot(Primitive):
    """ONNX OneHot of 1 and 0: a new axis that is 1 at the place of each integer.

    Input: integers of any shape; negative ones count from the end, and those outside of [-depth,
    depth) give zeros.

    Attributes:
        depth: Length of the new axis.
        axis: The new axis in the output.
        dtype: The output's element type.
    """

    depth: int
    axis: int = -1
    dtype: str = "float32"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (indices,) = taken(self, inputs, 1, INTEGERS)
        if self.depth < 1:
            raise ShapeError(f"a one-hot axis of {self.depth} places for {indices}")
        axis = axis_of(self.axis, (*indices.shape, self.depth))
        shape = (*indices.shape[:axis], self.depth, *indices.shape[axis:])
        result = TensorSpec(shape, self.dtype)
        typed(self, result, ANY)
        return (result,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        indices = call.inputs[0].astype(np.int64)
        wrapped = np.where(indices < 0, indices + self.depth, indices)
        hot = wrapped[..., None] == np.arange(self.depth)
        return (np.moveaxis(hot, -1, self.axis).astype(self.dtype),)


@dataclass(frozen=True)
class Range(Primitive):
    """ONNX Range: numbers from ``start`` to before ``limit``, in one axis; no input.

    Attributes:
        start: The first number.
        limit: Where they end, itself not among them.
        delta: The step, which may be negative.
        dtype: The output's element type.
    """

    start: int | float
    limit: int | float
    delta: int | float = 1
    dtype: str = "int64"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        taken(self, inputs, 0)
        typed(self, TensorSpec((), self.dtype), NUMBERS)
        try:
            count = self._count()
            fit = count > 0 and self._fit(self.start) and self._fit(self._last(count))
        except (ArithmeticError, ValueError):  # No step, or numbers without an end.
            fit = False
        if not fit:
            raise ShapeError(
                f"no {self.dtype} numbers from {self.start} to before {self.limit} by {self.delta}"
            )
        return (TensorSpec((count,), self.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:  # noqa: ARG002
        return ((self.start + self.delta * np.arange(self._count())).astype(self.dtype),)

    def _count(self) -> int:
        return math.ceil((self.limit - self.start) / self.delta)

    def _last(self, count: int) -> float:
        return self.start + self.delta * (count - 1)

    def _fit(self, value: float) -> bool:
        """Returns whether the output's type holds a number."""
        if self.dtype.startswith("float"):
            return abs(value) <= float(np.finfo(self.dtype).max)
        return float(self.delta).is_integer() and fits(value, self.dtype)
