"""Activations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec, axis_of


@dataclass(frozen=True)
class Identity(Primitive):
    """ONNX Identity: the input."""

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        return (x,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (call.inputs[0],)


@dataclass(frozen=True)
class Relu(Primitive):
    """ONNX Relu: max(x, 0)."""

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        return (x,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (np.maximum(call.inputs[0], 0),)


@dataclass(frozen=True)
class Softmax(Primitive):
    """ONNX Softmax: exp(x) over its sum along one axis.

    Attributes:
        axis: The axis along which the output sums to 1.
    """

    axis: int = -1

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        axis_of(self.axis, x.shape)
        return (x,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (np.exp(log_softmax(call.inputs[0], self.axis)),)


@dataclass(frozen=True)
class LogSoftmax(Primitive):
    """ONNX LogSoftmax: the logarithm of `Softmax`, computed without overflow.

    Attributes:
        axis: The axis along which the exponentials sum to 1.
    """

    axis: int = -1

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        axis_of(self.axis, x.shape)
        return (x,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (log_softmax(call.inputs[0], self.axis),)


def log_softmax(x: Array, axis: int) -> Array:
    """Returns the logarithm of the softmax along ``axis``."""
    shifted = x - x.max(axis, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))
    return result
