"""Activations that are smooth or bounded, and the softmax; `rectifier` has those like ReLU."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.arithmetic import erf
from vega_core.nn.ops.checks import ANY
from vega_core.nn.ops.elementwise import Unary
from vega_core.nn.shapes import TensorSpec, axis_of


@dataclass(frozen=True)
class Identity(Unary):
    """ONNX Identity: the input."""

    types = ANY

    def compute(self, x: Array) -> Array:
        return x


@dataclass(frozen=True)
class Sigmoid(Unary):
    """ONNX Sigmoid: 1 / (1 + exp(-x))."""

    def compute(self, x: Array) -> Array:
        return sigmoid(x)


@dataclass(frozen=True)
class HardSigmoid(Unary):
    """ONNX HardSigmoid: alpha x + beta, clipped to [0, 1]; its gradient at both bounds is 0.

    Attributes:
        alpha: The slope; PyTorch's 1/6 by default, where ONNX has 0.2.
        beta: The value at 0.
    """

    alpha: float = 1 / 6
    beta: float = 0.5

    def compute(self, x: Array) -> Array:
        return np.asarray(np.clip(self.alpha * x + self.beta, 0, 1))


@dataclass(frozen=True)
class HardSwish(Unary):
    """ONNX HardSwish: x times HardSigmoid of x (Howard et al., 2019).

    Its gradient at -3 is 0, at 3 is 1.
    """

    def compute(self, x: Array) -> Array:
        return np.asarray(x * np.clip(x + 3, 0, 6) / 6)


@dataclass(frozen=True)
class Swish(Unary):
    """ONNX Swish with alpha 1: x times Sigmoid of x (Elfwing et al., 2018), also called SiLU."""

    def compute(self, x: Array) -> Array:
        return x * sigmoid(x)


@dataclass(frozen=True)
class Gelu(Unary):
    """ONNX Gelu: x times the normal distribution function of x (Hendrycks and Gimpel, 2016).

    Attributes:
        approximate: ``none``, or ``tanh``: 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))).
    """

    approximate: Literal["none", "tanh"] = "none"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = super().infer(*inputs)
        if self.approximate not in ("none", "tanh"):
            raise ShapeError(
                f"Gelu of {x} is approximated by 'none' or 'tanh', and got {self.approximate!r}"
            )
        return (x,)

    def compute(self, x: Array) -> Array:
        if self.approximate == "tanh":
            curve = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
        else:
            curve = erf(x / math.sqrt(2))
        return np.asarray(0.5 * x * (1 + curve))


@dataclass(frozen=True)
class Tanh(Unary):
    """ONNX Tanh: the hyperbolic tangent."""

    def compute(self, x: Array) -> Array:
        return np.tanh(x)


@dataclass(frozen=True)
class Softplus(Unary):
    """ONNX Softplus: log(1 + exp(x)), computed without overflow."""

    def compute(self, x: Array) -> Array:
        return np.logaddexp(x, 0)


@dataclass(frozen=True)
class Softsign(Unary):
    """ONNX Softsign: x / (1 + |x|)."""

    def compute(self, x: Array) -> Array:
        return np.asarray(x / (1 + np.absolute(x)))


@dataclass(frozen=True)
class Mish(Unary):
    """ONNX Mish: x times the hyperbolic tangent of Softplus of x (Misra, 2020)."""

    def compute(self, x: Array) -> Array:
        return x * np.tanh(np.logaddexp(x, 0))


@dataclass(frozen=True)
class Softmax(Unary):
    """ONNX Softmax: exp(x) over its sum along one axis.

    Attributes:
        axis: The axis along which the output sums to 1.
    """

    axis: int = -1

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = super().infer(*inputs)
        axis_of(self.axis, x.shape)
        return (x,)

    def compute(self, x: Array) -> Array:
        return np.exp(log_softmax(x, self.axis))


@dataclass(frozen=True)
class LogSoftmax(Unary):
    """ONNX LogSoftmax: the logarithm of `Softmax`, computed without overflow.

    Attributes:
        axis: The axis along which the exponentials sum to 1.
    """

    axis: int = -1

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = super().infer(*inputs)
        axis_of(self.axis, x.shape)
        return (x,)

    def compute(self, x: Array) -> Array:
        return log_softmax(x, self.axis)


def sigmoid(x: Array) -> Array:
    """Returns the logistic function of each element, without overflow."""
    small = np.exp(-np.absolute(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


def log_softmax(x: Array, axis: int) -> Array:
    """Returns the logarithm of the softmax along ``axis``."""
    shifted = x - x.max(axis, keepdims=True, initial=-np.inf)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis, keepdims=True)))
