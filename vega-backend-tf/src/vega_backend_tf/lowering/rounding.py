"""Rounding, bounds and element types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import tensorflow as tf

from vega_backend_tf.lowering.calls import flat
from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def clip(op: ops.Clip, site: Site) -> Tensor:
    """Lowers Clip, whose gradient at the bounds is 1."""
    (x,) = site.inputs
    low, high = op.bounds(site.specs[0].dtype)
    low = x.dtype.min if low is None else low
    high = x.dtype.max if high is None else high
    return tf.clip_by_value(x, tf.constant(low, x.dtype), tf.constant(high, x.dtype))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Cast: lambda op, site: tf.cast(site.inputs[0], op.dtype),
    ops.Ceil: flat(tf.math.ceil),
    ops.Clip: clip,
    ops.Floor: flat(tf.floor),
    ops.Round: flat(tf.round),
}
