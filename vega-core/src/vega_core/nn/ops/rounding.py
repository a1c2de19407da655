"""Rounding: the nearest number that is whole, within bounds, or of another element type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import ANY, FLOATS, NUMBERS, fits, taken
from vega_core.nn.ops.elementwise import Unary
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec


@dataclass(frozen=True)
class Floor(Unary):
    """ONNX Floor: the next whole number below or at x; its gradient is 0."""

    def compute(self, x: Array) -> Array:
        return np.floor(x)


@dataclass(frozen=True)
class Ceil(Unary):
    """ONNX Ceil: the next whole number above or at x; its gradient is 0."""

    def compute(self, x: Array) -> Array:
        return np.ceil(x)


@dataclass(frozen=True)
class Round(Unary):
    """ONNX Round: the nearest whole number, of two the even one; its gradient is 0."""

    def compute(self, x: Array) -> Array:
        return np.rint(x)


@dataclass(frozen=True)
class Clip(Unary):
    """ONNX Clip: the nearest number within bounds; its gradient is 1 there, bounds included.

    Attributes:
        min: The lower bound, or None.
        max: The upper bound, or None; one of the two is given.
    """

    types = NUMBERS

    min: float | None = None
    max: float | None = None

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = super().infer(*inputs)
        bounds = [bound for bound in (self.min, self.max) if bound is not None]
        if not bounds or not bounds[0] <= bounds[-1]:
            raise ShapeError(f"{x} cannot be clipped between {self.min} and {self.max}")
        if not all(fits(bound, x.dtype) for bound in bounds):
            raise ShapeError(f"bounds of {x} are {x.dtype}, and got {self.min} and {self.max}")
        return (x,)

    def compute(self, x: Array) -> Array:
        low, high = self.bounds(x.dtype.name)
        x = x if low is None else np.maximum(x, low)
        return x if high is None else np.minimum(x, high)

    def bounds(self, dtype: str) -> tuple[float | None, float | None]:
        """Returns the bounds as numbers of this element type's kind."""
        if dtype in FLOATS:
            return self.min, self.max
        low, high = (None if bound is None else int(bound) for bound in (self.min, self.max))
        return low, high


@dataclass(frozen=True)
class Cast(Primitive):
    """ONNX Cast: x in another element type.

    From floats to integers it cuts towards zero and is undefined for what does not fit; to bool,
    whatever is not 0 is true. The gradient passes between floats alone.

    Attributes:
        dtype: The element type of the output.
    """

    dtype: str

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        if self.dtype not in ANY:
            raise ShapeError(f"cannot cast {x} to {self.dtype!r}; one of {', '.join(sorted(ANY))}")
        return (TensorSpec(x.shape, self.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            return (call.inputs[0].astype(self.dtype),)
