"""Operators that read and write by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Call, Primitive

_SCATTER: Final[Mapping[str, Any]] = {
    "none": tf.tensor_scatter_nd_update,
    "add": tf.tensor_scatter_nd_add,
    "max": tf.tensor_scatter_nd_max,
    "min": tf.tensor_scatter_nd_min,
}


def embedding(op: ops.Embedding, site: Site) -> Tensor:  # noqa: ARG001
    """Lowers Embedding; a table itself, not its value, gets the gradient of rows alone."""
    return tf.gather(site.params["weight"], _wide(site.inputs[0]))


def gather(op: ops.Gather, site: Site) -> Tensor:
    """Lowers Gather."""
    data, numbers = site.inputs
    axis = op.axis % site.rank
    return tf.gather(data, wrapped(numbers, tf.shape(data)[axis]), axis=axis)


def gather_elements(op: ops.GatherElements, site: Site) -> Tensor:
    """Lowers GatherElements."""
    return tf.gather_nd(site.inputs[0], _places(op.axis, site))


def scatter_elements(op: ops.ScatterElements, site: Site) -> Tensor:
    """Lowers ScatterElements; products come from sums over the places that they share."""
    data, _, updates = site.inputs
    places = _places(op.axis, site)
    if op.reduction != "mul":
        return _SCATTER[op.reduction](data, places, updates)
    shape = tf.shape(data, tf.int64)
    strides = tf.math.cumprod(shape, exclusive=True, reverse=True)
    flat = tf.reshape(tf.reduce_sum(places * strides, -1), (-1,))
    factors = tf.math.unsorted_segment_prod(tf.reshape(updates, (-1,)), flat, tf.reduce_prod(shape))
    return data * tf.reshape(factors, shape)


def one_hot(op: ops.OneHot, site: Site) -> Tensor:
    """Lowers OneHot."""
    hot = tf.one_hot(
        wrapped(site.inputs[0], op.depth), op.depth, True, False, op.axis, dtype=tf.bool
    )
    return hot if op.dtype == "bool" else tf.cast(hot, op.dtype)


def numbers(op: ops.Range, site: Site) -> Tensor:  # noqa: ARG001
    """Lowers Range."""
    (values,) = op.reference(Call([], {}))
    return tf.constant(values)


def wrapped(indices: Tensor, size: Any) -> Tensor:
    """Returns numbers of which negative ones count from the end, counted from the front."""
    wide = _wide(indices)
    return tf.where(wide < 0, wide + tf.cast(size, tf.int64), wide)


def _wide(indices: Tensor) -> Tensor:
    return tf.cast(indices, tf.int64)


def _places(axis: int, site: Site) -> Tensor:
    """Returns the place of each element that is named, one number an axis of the data."""
    data, indices = site.inputs[:2]
    axis %= site.rank
    named = wrapped(indices, tf.shape(data)[axis])
    sizes = tf.unstack(tf.shape(indices, tf.int64), site.rank)
    grids = tf.meshgrid(*map(tf.range, sizes), indexing="ij")
    grids[axis] = named
    return tf.stack(grids, -1)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Embedding: embedding,
    ops.Gather: gather,
    ops.GatherElements: gather_elements,
    ops.OneHot: one_hot,
    ops.Range: numbers,
    ops.ScatterElements: scatter_elements,
}
