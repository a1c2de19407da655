"""Arithmetic on elements, with broadcasting."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec, broadcast


@dataclass(frozen=True)
class Constant(Primitive):
    """ONNX Constant: one number, of shape ().

    Attributes:
        value: The number.
        dtype: Its element type.
    """

    value: float
    dtype: str = "float32"

    def infer(self, *_inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        return (TensorSpec((), self.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.asarray(self.value, self.dtype),)


@dataclass(frozen=True)
class Binary(Primitive):
    """An operator on two inputs that broadcast; each subclass names one function."""

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        a, b = inputs
        if a.dtype != b.dtype:
            raise ShapeError(f"element types differ: {a} and {b}")
        return (TensorSpec(broadcast(a.shape, b.shape), a.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        a, b = call.inputs
        return (self.compute(a, b),)

    @abstractmethod
    def compute(self, a: Array, b: Array) -> Array:
        """Returns the function of two arrays."""


@dataclass(frozen=True)
class Add(Binary):
    """ONNX Add: a + b."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.asarray(a + b)


@dataclass(frozen=True)
class Sub(Binary):
    """ONNX Sub: a - b."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.asarray(a - b)


@dataclass(frozen=True)
class Mul(Binary):
    """ONNX Mul: a * b."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.asarray(a * b)


@dataclass(frozen=True)
class Div(Binary):
    """ONNX Div: a / b."""

    def compute(self, a: Array, b: Array) -> Array:
        return np.asarray(a / b)
