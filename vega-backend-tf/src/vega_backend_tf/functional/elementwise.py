"""Operators on elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from keras import ops as K

from vega_backend_tf.functional.spot import Form, Spot, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def call(function: Callable[..., Any]) -> Form:
    """Returns the form ``function(*inputs)``."""
    return lambda _, spot: function(*spot.inputs)


def soft(function: Callable[..., Any]) -> Form:
    """Returns the form of a softmax."""
    return lambda op, spot: function(spot.inputs[0], axis=spot.axis(op.axis))


def add(op: ops.Add, spot: Spot) -> Tensor:  # noqa: ARG001
    """Gives a sum.

    Keras takes a second array with one long axis for a bias of the first one's channels, whatever
    axis that is: one of shape (5, 1, 1) beside (5, 4, 5), for a batch of 5, is added wrongly. So
    what has the shape of the result comes second.
    """
    a, b = spot.inputs
    if spot.results[0].shape == spot.specs[1].shape:
        return K.add(a, b)
    return K.add(b, a) if spot.results[0].shape == spot.shape else K.subtract(a, K.negative(b))


def divide(op: ops.Div, spot: Spot) -> Tensor:  # noqa: ARG001
    """Gives a quotient; of integers ONNX cuts towards zero."""
    a, b = spot.inputs
    if spot.specs[0].dtype.startswith("float"):
        return K.divide(a, b)
    return K.sign(a) * K.sign(b) * K.floor_divide(K.abs(a), K.abs(b))


def elu(x: Tensor, alpha: float, scale: float = 1.0) -> Tensor:
    """Returns x, or alpha (exp(x / scale) - 1) where x is not positive."""
    return K.where(K.greater(x, 0), x, alpha * K.expm1(K.minimum(x, 0) / scale))


def hard_sigmoid(op: ops.HardSigmoid, spot: Spot) -> Tensor:
    """Gives a line between 0 and 1."""
    return K.clip(spot.inputs[0] * op.alpha + op.beta, 0, 1)


def clip(op: ops.Clip, spot: Spot) -> Tensor:
    """Gives what is within bounds."""
    (x,), dtype = spot.inputs, spot.specs[0].dtype
    low, high = op.bounds(dtype)
    if low is not None:
        x = K.maximum(x, np.asarray(low, dtype))
    return x if high is None else K.minimum(x, np.asarray(high, dtype))


FORMS: Final[Mapping[type[Primitive], Form]] = {
    ops.Abs: call(K.absolute),
    ops.Add: add,
    ops.And: call(K.logical_and),
    ops.Cast: lambda op, spot: K.cast(spot.inputs[0], op.dtype),
    ops.Ceil: call(K.ceil),
    ops.Celu: lambda op, spot: elu(spot.inputs[0], op.alpha, op.alpha),
    ops.Clip: clip,
    ops.Cos: call(K.cos),
    ops.Div: divide,
    ops.Elu: lambda op, spot: elu(spot.inputs[0], op.alpha),
    ops.Equal: call(K.equal),
    ops.Erf: call(K.erf),
    ops.Exp: call(K.exp),
    ops.Floor: call(K.floor),
    ops.Gelu: lambda op, spot: K.gelu(spot.inputs[0], approximate=op.approximate == "tanh"),
    ops.Greater: call(K.greater),
    ops.GreaterOrEqual: call(K.greater_equal),
    ops.HardSigmoid: hard_sigmoid,
    ops.HardSwish: lambda _, spot: spot.inputs[0] * K.clip(spot.inputs[0] + 3.0, 0, 6) / 6.0,
    ops.Identity: lambda _, spot: spot.inputs[0],
    ops.LeakyRelu: lambda op, spot: K.leaky_relu(spot.inputs[0], op.alpha),
    ops.Less: call(K.less),
    ops.LessOrEqual: call(K.less_equal),
    ops.Log: call(K.log),
    ops.LogSoftmax: soft(K.log_softmax),
    ops.Max: call(K.maximum),
    ops.Min: call(K.minimum),
    ops.Mish: lambda _, spot: spot.inputs[0] * K.tanh(K.softplus(spot.inputs[0])),
    ops.Mul: call(K.multiply),
    ops.Neg: call(K.negative),
    ops.Not: call(K.logical_not),
    ops.Or: call(K.logical_or),
    ops.Pow: call(K.power),
    ops.Reciprocal: call(K.reciprocal),
    ops.Relu: call(K.relu),
    ops.Round: call(K.round),
    ops.Selu: lambda op, spot: op.gamma * elu(spot.inputs[0], op.alpha),
    ops.Sigmoid: call(K.sigmoid),
    ops.Sign: call(K.sign),
    ops.Sin: call(K.sin),
    ops.Softmax: soft(K.softmax),
    ops.Softplus: call(K.softplus),
    ops.Softsign: call(K.softsign),
    ops.Sqrt: call(K.sqrt),
    ops.StopGradient: call(K.stop_gradient),
    ops.Sub: call(K.subtract),
    ops.Swish: call(K.silu),
    ops.Tanh: call(K.tanh),
    ops.Where: call(K.where),
    ops.Xor: call(K.logical_xor),
}
"""Form by operator type."""
