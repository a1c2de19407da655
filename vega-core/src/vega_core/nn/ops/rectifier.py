"""Rectifiers: the identity above 0, and something flatter below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.initializers import Full
from vega_core.nn.ops.checks import FLOATS, NUMBERS, taken
from vega_core.nn.ops.elementwise import Unary
from vega_core.nn.primitive import Call, ParameterSpec, Primitive
from vega_core.nn.shapes import TensorSpec, show


@dataclass(frozen=True)
class Relu(Unary):
    """ONNX Relu: max(x, 0); its gradient at 0 is 0."""

    types = NUMBERS

    def compute(self, x: Array) -> Array:
        return np.maximum(x, 0)


@dataclass(frozen=True)
class LeakyRelu(Unary):
    """ONNX LeakyRelu: x, or alpha x where x is negative; its gradient at 0 is alpha.

    Attributes:
        alpha: The slope below 0.
    """

    alpha: float = 0.01

    def compute(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * x)


@dataclass(frozen=True)
class PRelu(Primitive):
    """ONNX PRelu: x, or weight times x where x is negative (He et al., 2015).

    Input and output (N, C, ...). Parameter: ``weight`` (C,), or (1,) where it is shared. As there,
    it begins at 0.25 and weight decay leaves it alone. The gradient at 0 is the weight.

    Attributes:
        shared: Whether all channels have one weight; x may then have any shape.
    """

    shared: bool = False

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1, FLOATS)
        if not self.shared and (len(x.shape) < 2 or x.shape[1] < 1):
            raise ShapeError(f"a PRelu a channel needs (N, C, ...), and got {show(x.shape)}")
        return (x,)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        shape = (1,) if self.shared else (inputs[0].shape[1],)
        return {"weight": ParameterSpec(shape, Full(0.25), "norm", inputs[0].dtype)}

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,), weight = call.inputs, call.params["weight"]
        weight = weight.reshape(() if self.shared else (-1, *(1,) * (x.ndim - 2)))
        return (np.asarray(np.where(x > 0, x, weight * x)),)


@dataclass(frozen=True)
class Elu(Unary):
    """ONNX Elu: x, or alpha (exp(x) - 1) where x is negative (Clevert et al., 2016).

    Its gradient at 0 is alpha.

    Attributes:
        alpha: Minus the limit on the left.
    """

    alpha: float = 1.0

    def compute(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))


@dataclass(frozen=True)
class Selu(Unary):
    """ONNX Selu: gamma times Elu of x (Klambauer et al., 2017); its gradient at 0 is gamma alpha.

    Attributes:
        alpha: Of Elu.
        gamma: The scale.
    """

    alpha: float = 1.67326319217681884765625
    gamma: float = 1.05070102214813232421875

    def compute(self, x: Array) -> Array:
        return self.gamma * Elu(self.alpha).compute(x)


@dataclass(frozen=True)
class Celu(Unary):
    """ONNX Celu: x, or alpha (exp(x / alpha) - 1) where x is negative (Barron, 2017).

    Its gradient at 0 is 1.

    Attributes:
        alpha: Minus the limit on the left; not 0.
    """

    alpha: float = 1.0

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = super().infer(*inputs)
        if self.alpha == 0:
            raise ShapeError(f"the alpha of a Celu of {x} is not 0")
        return (x,)

    def compute(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0) / self.alpha))
