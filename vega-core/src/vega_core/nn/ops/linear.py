"""Dense layers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.initializers import KaimingUniform, Uniform
from vega_core.nn.primitive import Call, ParameterSpec, Primitive
from vega_core.nn.shapes import TensorSpec, show


@dataclass(frozen=True)
class Gemm(Primitive):
    """ONNX Gemm with transB=1: x weightᵀ + bias.

    Input (N, in), output (N, out_features). Parameters: ``weight`` (out_features, in) and, with
    ``bias``, ``bias`` (out_features,).

    Attributes:
        out_features: Number of outputs a sample.
        bias: Whether a bias is added.
    """

    out_features: int
    bias: bool = True

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        if len(x.shape) != 2 or x.shape[1] < 1:
            raise ShapeError(
                f"a dense layer needs an input (N, features), and got {show(x.shape)}; flatten it"
            )
        if self.out_features < 1:
            raise ShapeError(f"a dense layer of {self.out_features} outputs on {show(x.shape)}")
        return (TensorSpec((x.shape[0], self.out_features), x.dtype),)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        features = inputs[0].shape[1]
        specs = {"weight": ParameterSpec((self.out_features, features), KaimingUniform())}
        if self.bias:
            bound = Uniform(1 / math.sqrt(features))
            specs["bias"] = ParameterSpec((self.out_features,), bound, "bias")
        return specs

    def macs(self, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> int:
        return outputs[0].per_sample * inputs[0].shape[1]

    def reference(self, call: Call) -> tuple[Array, ...]:
        y = call.inputs[0] @ call.params["weight"].T
        return (y + call.params["bias"] if self.bias else y,)
