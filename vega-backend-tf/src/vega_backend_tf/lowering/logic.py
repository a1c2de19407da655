"""Comparisons, logic, and a choice an element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import tensorflow as tf

from vega_backend_tf.lowering.calls import call
from vega_backend_tf.lowering.site import Lowering
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive

LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.And: call(tf.logical_and),
    ops.Equal: call(tf.equal),
    ops.Greater: call(tf.greater),
    ops.GreaterOrEqual: call(tf.greater_equal),
    ops.Less: call(tf.less),
    ops.LessOrEqual: call(tf.less_equal),
    ops.Not: call(tf.logical_not),
    ops.Or: call(tf.logical_or),
    ops.Where: call(tf.where),
    ops.Xor: call(tf.math.logical_xor),
}
