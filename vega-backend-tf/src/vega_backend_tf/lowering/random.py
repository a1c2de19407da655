"""Operators that draw at random, by one algorithm whether compiled or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axes_of

_PHILOX: Final = "philox"


def dropout(op: ops.Dropout, site: Site) -> Tensor:
    """Lowers Dropout; in evaluation it is its input."""
    x, rate = site.inputs
    if op.mode != "train":
        return x
    shape = site.specs[0].shape
    shared = axes_of(op.shared, shape)
    sizes = [1 if axis in shared else size for axis, size in enumerate(site.sizes(shape))]
    if site.last and site.rank > 2:
        sizes = [sizes[0], *sizes[2:], sizes[1]]
    rate = tf.cast(rate, x.dtype)
    drawn = tf.random.stateless_uniform(sizes, site.key, dtype=x.dtype, alg=_PHILOX)
    # A rate of 1 keeps nothing, so that any scale does.
    scale = tf.where(drawn >= rate, 1 / tf.maximum(1 - rate, 1e-9), tf.zeros_like(rate))
    return x * scale


def random(op: ops.Random, site: Site) -> Tensor:
    """Lowers Random."""
    draw = (
        tf.random.stateless_uniform if op.distribution == "uniform" else tf.random.stateless_normal
    )
    return draw(site.sizes(op.shape), site.key, dtype=site.results[0].dtype, alg=_PHILOX)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Dropout: dropout,
    ops.Random: random,
}
