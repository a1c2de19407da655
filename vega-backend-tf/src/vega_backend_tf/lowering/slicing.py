"""Operators that join arrays along an axis, and take them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.ops.slicing import bounds
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axes_of


def concat(op: ops.Concat, site: Site) -> Tensor:
    """Lowers Concat."""
    return tf.concat(site.inputs, site.axis(op.axis))


def split(op: ops.Split, site: Site) -> Tensor:
    """Lowers Split."""
    if len(op.sizes) == 1:
        return site.inputs[0]
    return tuple(tf.split(site.inputs[0], site.sizes(op.sizes), site.axis(op.axis)))


def slicing(op: ops.Slice, site: Site) -> Tensor:
    """Lowers Slice."""
    x, shape = site.inputs[0], site.specs[0].shape
    parts = [slice(None)] * len(shape)
    for place, axis in enumerate(axes_of(op.axes, shape)):
        step = op.steps[place]
        if shape[axis] < 0:
            parts[site.axis(axis)] = slice(None, None, step)
            continue
        first, count = bounds(op.starts[place], op.ends[place], step, shape[axis])
        end = first + step * count
        parts[site.axis(axis)] = slice(first, None if end < 0 else end, step)
    return x[tuple(parts)] if parts else x


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Concat: concat,
    ops.Slice: slicing,
    ops.Split: split,
}
