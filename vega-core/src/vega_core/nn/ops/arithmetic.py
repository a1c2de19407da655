"""Arithmetic on elements."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.nn.ops.checks import NUMBERS, SIGNED
from vega_core.nn.ops.elementwise import Binary, Unary


@dataclass(frozen=True)
class Add(Binary):
    """ONNX Add: a + b."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.add(a, b)


@dataclass(frozen=True)
class Sub(Binary):
    """ONNX Sub: a - b."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.subtract(a, b)


@dataclass(frozen=True)
class Mul(Binary):
    """ONNX Mul: a * b."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.multiply(a, b)


@dataclass(frozen=True)
class Div(Binary):
    """ONNX Div: a / b; of integers, cut towards zero, and undefined where b is 0."""

    def compute(self, a: Array, b: Array) -> Array:
        if np.issubdtype(np.result_type(a, b), np.floating):
            return np.divide(a, b)
        down, inexact = np.floor_divide(a, b), np.remainder(a, b) != 0
        return np.asarray(down + (inexact & ((a < 0) != (b < 0))))


@dataclass(frozen=True)
class Pow(Binary):
    """ONNX Pow: a to the power of b; of integers, b is not negative.

    A negative number to a power that is not whole is NaN.
    """

    def compute(self, a: Array, b: Array) -> Array:
        return np.power(a, b)


@dataclass(frozen=True)
class Min(Binary):
    """ONNX Min of two inputs: the smaller; NaN where one is. Equal ones share the gradient."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.minimum(a, b)


@dataclass(frozen=True)
class Max(Binary):
    """ONNX Max of two inputs: the larger; NaN where one is. Equal ones share the gradient."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.maximum(a, b)


@dataclass(frozen=True)
class Neg(Unary):
    """ONNX Neg: -x."""

    types = SIGNED

    def compute(self, x: Array) -> Array:
        return np.negative(x)


@dataclass(frozen=True)
class Abs(Unary):
    """ONNX Abs: the absolute value; its gradient at 0 is 0."""

    types = NUMBERS

    def compute(self, x: Array) -> Array:
        return np.absolute(x)


@dataclass(frozen=True)
class Sign(Unary):
    """ONNX Sign: -1, 0 or 1; its gradient is 0."""

    types = NUMBERS

    def compute(self, x: Array) -> Array:
        return np.sign(x)


@dataclass(frozen=True)
class Sqrt(Unary):
    """ONNX Sqrt: the square root; NaN below 0."""

    def compute(self, x: Array) -> Array:
        return np.sqrt(x)


@dataclass(frozen=True)
class Exp(Unary):
    """ONNX Exp: e to the power of x."""

    def compute(self, x: Array) -> Array:
        return np.exp(x)


@dataclass(frozen=True)
class Log(Unary):
    """ONNX Log: the natural logarithm; minus infinity at 0, NaN below."""

    def compute(self, x: Array) -> Array:
        return np.log(x)


@dataclass(frozen=True)
class Reciprocal(Unary):
    """ONNX Reciprocal: 1 / x."""

    def compute(self, x: Array) -> Array:
        return np.divide(1.0, x)


@dataclass(frozen=True)
class Erf(Unary):
    """ONNX Erf: the error function, twice the integral of exp(-t²) from 0 to x over √π."""

    def compute(self, x: Array) -> Array:
        return erf(x)


@dataclass(frozen=True)
class Sin(Unary):
    """ONNX Sin: the sine of an angle in radians."""

    def compute(self, x: Array) -> Array:
        return np.sin(x)


@dataclass(frozen=True)
class Cos(Unary):
    """ONNX Cos: the cosine of an angle in radians."""

    def compute(self, x: Array) -> Array:
        return np.cos(x)


def erf(x: Array) -> Array:
    """Returns the error function of each element, which NumPy does not have."""
    return np.asarray(np.vectorize(math.erf, otypes=[np.float64])(x), x.dtype)
