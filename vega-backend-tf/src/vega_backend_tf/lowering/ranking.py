"""Running sums, and which elements are the largest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axis_of


def running_sum(op: ops.CumSum, site: Site) -> Tensor:
    """Lowers CumSum."""
    return tf.cumsum(site.inputs[0], site.axis(op.axis), op.exclusive, op.reverse)


def extreme(function: Callable[..., Any]) -> Lowering:
    """Returns the lowering of ArgMax or ArgMin."""

    def lower(op: ops.ArgMax | ops.ArgMin, site: Site) -> Tensor:
        places = function(site.inputs[0], op.axis, output_type=tf.int64)
        return tf.expand_dims(places, op.axis) if op.keepdims else places

    return lower


def top(op: ops.TopK, site: Site) -> Tensor:
    """Lowers TopK; TensorFlow's looks along the last axis."""
    (x,), axis = site.inputs, axis_of(op.axis, site.specs[0].shape)
    order = [place for place in range(site.rank) if place != axis]
    back = [*range(axis), site.rank - 1, *range(axis, site.rank - 1)]
    x = tf.transpose(x, [*order, axis])
    if op.largest:
        values, places = tf.math.top_k(x, op.k)
    else:
        places = tf.argsort(x, stable=True)[..., : op.k]
        values = tf.gather(x, places, batch_dims=site.rank - 1)
    return tf.transpose(values, back), tf.transpose(tf.cast(places, tf.int64), back)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.ArgMax: extreme(tf.argmax),
    ops.ArgMin: extreme(tf.argmin),
    ops.CumSum: running_sum,
    ops.TopK: top,
}
