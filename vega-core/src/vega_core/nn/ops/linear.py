"""Dense layers and matrix products."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.initializers import KaimingUniform, Uniform
from vega_core.nn.ops.checks import FLOATS, alike, check_weight, taken, weighed, weight_of
from vega_core.nn.primitive import Call, ParameterSpec, Primitive
from vega_core.nn.shapes import TensorSpec, broadcast, show


@dataclass(frozen=True)
class Gemm(Primitive):
    """ONNX Gemm with transB=1: x weightᵀ + bias.

    Input (N, in), output (N, out_features). Parameters: ``weight`` (out_features, in) and, with
    ``bias``, ``bias`` (out_features,). A second input is the weight, where it is computed.

    Attributes:
        out_features: Number of outputs a sample.
        bias: Whether a bias is added.
    """

    out_features: int
    bias: bool = True

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        x = weighed(self, inputs)
        if len(x.shape) != 2 or x.shape[1] < 1:
            raise ShapeError(
                f"a dense layer needs an input (N, features), and got {show(x.shape)}; flatten it"
            )
        if self.out_features < 1:
            raise ShapeError(f"a dense layer of {self.out_features} outputs on {show(x.shape)}")
        check_weight(inputs, (self.out_features, x.shape[1]))
        return (TensorSpec((x.shape[0], self.out_features), x.dtype),)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        x, *given = inputs
        features = x.shape[1]
        weight = ParameterSpec((self.out_features, features), KaimingUniform(), dtype=x.dtype)
        own = {} if given else {"weight": weight}
        if not self.bias:
            return own
        bound = Uniform(1 / math.sqrt(features))
        return own | {"bias": ParameterSpec((self.out_features,), bound, "bias", x.dtype)}

    def macs(self, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> int:
        return outputs[0].per_sample * inputs[0].shape[1]

    def reference(self, call: Call) -> tuple[Array, ...]:
        y = call.inputs[0] @ weight_of(call).T
        return (y + call.params["bias"] if self.bias else y,)


@dataclass(frozen=True)
class MatMul(Primitive):
    """ONNX MatMul: the matrix product over the last two axes; those before broadcast.

    Inputs (..., m, k) and (..., k, n), output (..., m, n). As in NumPy, an input of one axis is a
    row on the left and a column on the right, and its added axis is dropped again.
    """

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        a, b = taken(self, inputs, 2, FLOATS)
        dtype = alike(self, a, b)
        if not a.shape or not b.shape:
            raise ShapeError(f"a matrix product needs axes, and got {a} and {b}")
        left = a.shape if len(a.shape) > 1 else (1, *a.shape)
        right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
        if left[-1] != right[-2]:
            raise ShapeError(
                f"cannot multiply {show(a.shape)} by {show(b.shape)}: the last axis of the first "
                "must be as long as the last but one of the second"
            )
        rows = left[-2:-1] if len(a.shape) > 1 else ()
        columns = right[-1:] if len(b.shape) > 1 else ()
        stack = broadcast(left[:-2], right[:-2])
        return (TensorSpec((*stack, *rows, *columns), dtype),)

    def macs(self, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> int:
        return outputs[0].per_sample * abs(inputs[0].shape[-1])

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (np.asarray(np.matmul(*call.inputs)),)
