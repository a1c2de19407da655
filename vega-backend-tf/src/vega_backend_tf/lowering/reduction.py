"""Reductions over axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.ops.reduction import Reduction
from vega_core.nn.primitive import Primitive


def reduction(function: Callable[..., Any]) -> Lowering:
    """Returns the lowering ``function(x, axes, keepdims)``."""
    return lambda op, site: function(site.inputs[0], _axes(op, site), op.keepdims)


def standard_deviation(op: ops.ReduceStd, site: Site) -> Tensor:
    """Lowers ReduceStd."""
    (x,), axes = site.inputs, _axes(op, site)
    centred = x - tf.reduce_mean(x, axes, keepdims=True)
    sizes = site.sizes(site.specs[0].shape)
    count = math.prod(sizes[axis] for axis in op.places(site.specs[0].shape)) - op.correction
    total = tf.reduce_sum(centred * centred, axes, op.keepdims)
    return _root(total / tf.cast(count, x.dtype))


def norm(op: ops.ReduceL2, site: Site) -> Tensor:
    """Lowers ReduceL2."""
    (x,) = site.inputs
    return _root(tf.reduce_sum(x * x, _axes(op, site), op.keepdims))


def _root(x: Tensor) -> Tensor:
    """Returns the square root, whose gradient at 0 is taken as 0."""
    above = x > 0
    return tf.where(above, tf.sqrt(tf.where(above, x, tf.ones_like(x))), tf.zeros_like(x))


def _axes(op: Reduction, site: Site) -> list[int]:
    return site.axes(op.places(site.specs[0].shape))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.ReduceL2: norm,
    ops.ReduceLogSumExp: reduction(tf.reduce_logsumexp),
    ops.ReduceMax: reduction(tf.reduce_max),
    ops.ReduceMean: reduction(tf.reduce_mean),
    ops.ReduceMin: reduction(tf.reduce_min),
    ops.ReduceProd: reduction(tf.reduce_prod),
    ops.ReduceStd: standard_deviation,
    ops.ReduceSum: reduction(tf.reduce_sum),
}
