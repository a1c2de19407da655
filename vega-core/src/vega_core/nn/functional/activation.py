"""Activations."""

from __future__ import annotations

from typing import Literal

from vega_core.nn import ops
from vega_core.nn.functional.rounding import clip
from vega_core.nn.tensor import Tensor


def identity(x: Tensor) -> Tensor:
    """Returns x as a node of its own."""
    return x.apply(ops.Identity())


def relu(x: Tensor) -> Tensor:
    """Returns max(x, 0)."""
    return x.apply(ops.Relu())


def relu6(x: Tensor) -> Tensor:
    """Returns x clipped to [0, 6]."""
    return clip(x, 0.0, 6.0)


def leaky_relu(x: Tensor, alpha: float = 0.01) -> Tensor:
    """Returns x, or alpha x where x is negative."""
    return x.apply(ops.LeakyRelu(alpha))


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """Returns x, or alpha (exp(x) - 1) where x is negative."""
    return x.apply(ops.Elu(alpha))


def selu(x: Tensor) -> Tensor:
    """Returns the self-normalizing ELU (Klambauer et al., 2017)."""
    return x.apply(ops.Selu())


def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """Returns x, or alpha (exp(x / alpha) - 1) where x is negative."""
    return x.apply(ops.Celu(alpha))


def sigmoid(x: Tensor) -> Tensor:
    """Returns 1 / (1 + exp(-x))."""
    return x.apply(ops.Sigmoid())


def hard_sigmoid(x: Tensor) -> Tensor:
    """Returns x / 6 + 1/2 clipped to [0, 1]."""
    return x.apply(ops.HardSigmoid())


def swish(x: Tensor) -> Tensor:
    """Returns x times its sigmoid."""
    return x.apply(ops.Swish())


def hard_swish(x: Tensor) -> Tensor:
    """Returns x times its hard sigmoid."""
    return x.apply(ops.HardSwish())


def gelu(x: Tensor, approximate: Literal["none", "tanh"] = "none") -> Tensor:
    """Returns x times the normal distribution function of x, or its approximation by tanh."""
    return x.apply(ops.Gelu(approximate))


def mish(x: Tensor) -> Tensor:
    """Returns x times the hyperbolic tangent of its softplus."""
    return x.apply(ops.Mish())


def tanh(x: Tensor) -> Tensor:
    """Returns the hyperbolic tangent."""
    return x.apply(ops.Tanh())


def hard_tanh(x: Tensor, low: float = -1.0, high: float = 1.0) -> Tensor:
    """Returns x clipped to [low, high]."""
    return clip(x, low, high)


def softplus(x: Tensor) -> Tensor:
    """Returns log(1 + exp(x))."""
    return x.apply(ops.Softplus())


def softsign(x: Tensor) -> Tensor:
    """Returns x / (1 + |x|)."""
    return x.apply(ops.Softsign())


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Returns the softmax along ``axis``."""
    return x.apply(ops.Softmax(axis))


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Returns the logarithm of the softmax along ``axis``."""
    return x.apply(ops.LogSoftmax(axis))
