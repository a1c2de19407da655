"""Rectifiers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import tensorflow as tf

from vega_backend_tf.lowering.calls import call
from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def prelu(op: ops.PRelu, site: Site) -> Tensor:
    """Lowers PRelu."""
    x, weight = site.inputs[0], site.params["weight"]
    weight = tf.reshape(weight, ()) if op.shared else site.by_channel(weight)
    return tf.where(x > 0, x, weight * x)


def leaky_relu(op: ops.LeakyRelu, site: Site) -> Tensor:
    """Lowers LeakyRelu; TensorFlow's has its slope in float32."""
    (x,) = site.inputs
    if x.dtype == tf.float32:
        return tf.nn.leaky_relu(x, op.alpha)
    return tf.where(x > 0, x, op.alpha * x)


def elu(x: Tensor, alpha: float, scale: float = 1.0) -> Tensor:
    """Returns x, or alpha (exp(x / scale) - 1) where x is not positive."""
    return tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0) / scale))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Celu: lambda op, site: elu(site.inputs[0], op.alpha, op.alpha),
    ops.Elu: lambda op, site: elu(site.inputs[0], op.alpha),
    ops.LeakyRelu: leaky_relu,
    ops.PRelu: prelu,
    ops.Relu: call(tf.nn.relu),
    ops.Selu: lambda op, site: op.gamma * elu(site.inputs[0], op.alpha),
}
