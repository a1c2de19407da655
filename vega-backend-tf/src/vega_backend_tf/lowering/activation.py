"""Activations that are smooth or bounded, and the softmax."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import tensorflow as tf

from vega_backend_tf.lowering.calls import call
from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def hard_sigmoid(op: ops.HardSigmoid, site: Site) -> Tensor:
    """Lowers HardSigmoid, whose gradient at both bounds is 0."""
    y = site.inputs[0] * op.alpha + op.beta
    inside = tf.logical_and(y > 0, y < 1)
    return tf.where(inside, y, tf.stop_gradient(tf.clip_by_value(y, 0, 1)))


def gelu(op: ops.Gelu, site: Site) -> Tensor:
    """Lowers Gelu; TensorFlow's has its numbers in float32."""
    (x,) = site.inputs
    if op.approximate == "tanh":
        curve = tf.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
    else:
        curve = tf.math.erf(x * math.sqrt(0.5))
    return 0.5 * x * (1 + curve)


def mish(op: ops.Mish, site: Site) -> Tensor:  # noqa: ARG001
    """Lowers Mish."""
    return site.inputs[0] * tf.tanh(tf.nn.softplus(site.inputs[0]))


def softmax(op: ops.Softmax, site: Site) -> Tensor:
    """Lowers Softmax."""
    return tf.nn.softmax(site.inputs[0], site.axis(op.axis))


def log_softmax(op: ops.LogSoftmax, site: Site) -> Tensor:
    """Lowers LogSoftmax."""
    return tf.nn.log_softmax(site.inputs[0], site.axis(op.axis))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Gelu: gelu,
    ops.HardSigmoid: hard_sigmoid,
    ops.HardSwish: lambda _, site: site.inputs[0] * tf.nn.relu6(site.inputs[0] + 3) / 6,
    ops.Identity: lambda _, site: site.inputs[0],
    ops.LogSoftmax: log_softmax,
    ops.Mish: mish,
    ops.Sigmoid: call(tf.sigmoid),
    ops.Softmax: softmax,
    ops.Softplus: call(tf.nn.softplus),
    ops.Softsign: call(tf.nn.softsign),
    ops.Swish: lambda _, site: site.inputs[0] * tf.sigmoid(site.inputs[0]),
    ops.Tanh: call(tf.tanh),
}
