"""Comparisons, logic, and a choice an element."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.nn.ops.checks import ANY, BOOL, alike, taken, typed
from vega_core.nn.ops.elementwise import Binary, Unary
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec, broadcast


class Comparison(Binary):
    """Whether something holds between the elements of two inputs; the output is bool."""

    result = "bool"


class Logical(Binary):
    """A function of truths, which are bool."""

    types = BOOL


@dataclass(frozen=True)
class Equal(Comparison):
    """ONNX Equal: whether a equals b; NaN equals nothing."""

    types = ANY

    def compute(self, a: Array, b: Array) -> Array:
        return np.equal(a, b)


@dataclass(frozen=True)
class Greater(Comparison):
    """ONNX Greater: whether a > b; false where one is NaN."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.greater(a, b)


@dataclass(frozen=True)
class GreaterOrEqual(Comparison):
    """ONNX GreaterOrEqual: whether a ≥ b; false where one is NaN."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.greater_equal(a, b)


@dataclass(frozen=True)
class Less(Comparison):
    """ONNX Less: whether a < b; false where one is NaN."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.less(a, b)


@dataclass(frozen=True)
class LessOrEqual(Comparison):
    """ONNX LessOrEqual: whether a ≤ b; false where one is NaN."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.less_equal(a, b)


@dataclass(frozen=True)
class And(Logical):
    """ONNX And: whether both are true."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.logical_and(a, b)


@dataclass(frozen=True)
class Or(Logical):
    """ONNX Or: whether at least one is true."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.logical_or(a, b)


@dataclass(frozen=True)
class Xor(Logical):
    """ONNX Xor: whether exactly one is true."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.logical_xor(a, b)


@dataclass(frozen=True)
class Not(Unary):
    """ONNX Not: whether x is false."""

    types = BOOL

    def compute(self, x: Array) -> Array:
        return np.logical_not(x)


@dataclass(frozen=True)
class Where(Primitive):
    """ONNX Where: a where a condition holds, b elsewhere; the three broadcast.

    Inputs: the condition, bool; a and b of one element type, which is the output's. The
    gradient of what is not taken is 0.
    """

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        condition, a, b = taken(self, inputs, 3)
        typed(self, condition, BOOL)
        dtype = alike(self, a, b)
        return (TensorSpec(broadcast(condition.shape, broadcast(a.shape, b.shape)), dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (np.where(*call.inputs),)
