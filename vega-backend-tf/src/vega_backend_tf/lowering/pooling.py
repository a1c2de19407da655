"""Pooling over windows of one size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final

import numpy as np
import tensorflow as tf

from vega_backend_tf.lowering.padding import padded, scheme
from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.arrays import Array
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def max_pool(op: ops.MaxPool, site: Site) -> Tensor:
    """Lowers MaxPool; XLA pads no pooling, so that this is done apart."""
    x, spatial = site.inputs[0], site.specs[0].shape[2:]
    counts = site.results[0].shape[2:]
    pads = overhung(op, spatial, counts, op.dilations)
    if max(op.dilations) > 1 or _lacks(x):
        parts = _shifted(op, op.dilations, padded(x, pads, x.dtype.min), counts)
        return reduce(tf.maximum, parts)
    name = scheme(spatial, op.kernel_shape, op.strides, pads, op.dilations)
    if name is None:
        x, name = padded(x, pads, x.dtype.min), "VALID"
    flat = len(spatial) == 1
    y = largest(x[:, None] if flat else x, _four(op.kernel_shape), _four(op.strides), name)
    return y[:, 0] if flat else y


def largest(x: Tensor, ksize: list[int], strides: list[int], padding: str) -> Tensor:
    """Returns the largest element of each window.

    The gradient runs the pooling again: where both are in one graph TensorFlow joins them, and
    where it finds no pooling beside the gradient it is 30 times slower.
    """
    raw = tf.raw_ops
    pool, grad = (
        (raw.MaxPool3D, raw.MaxPool3DGrad) if len(ksize) == 5 else (raw.MaxPool, raw.MaxPoolGrad)
    )
    options = {"ksize": ksize, "strides": strides, "padding": padding}

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def pooled(x: Tensor) -> Any:
        def gradient(dy: Tensor) -> Tensor:
            return grad(orig_input=x, orig_output=pool(input=x, **options), grad=dy, **options)

        return pool(input=x, **options), gradient

    return pooled(x)


def average_pool(op: ops.AveragePool, site: Site) -> Tensor:
    """Lowers AveragePool: means of whole windows, corrected where some of it does not count."""
    x, spatial = site.inputs[0], site.specs[0].shape[2:]
    counts, ones = site.results[0].shape[2:], (1,) * len(spatial)
    pads = overhung(op, spatial, counts, ones)
    name = scheme(spatial, op.kernel_shape, op.strides, pads, ones)
    shares = None if op.count_include_pad or _lacks(x) else name
    if shares is None:
        x, name = padded(x, pads), "VALID"
    flat = len(spatial) == 1
    x = x[:, None] if flat else x
    if _lacks(x):
        parts = _shifted(op, ones, x, counts)
        y = tf.add_n(parts) / len(parts)
    else:
        pool = tf.nn.avg_pool3d if len(spatial) == 3 else tf.nn.avg_pool2d
        y = pool(x, _four(op.kernel_shape), _four(op.strides), name)
    y = y[:, 0] if flat else y
    factors = math.prod(op.kernel_shape) / _counted(op, spatial, counts)
    if shares is not None or (factors == 1).all():
        return y
    return y * tf.constant(factors[..., None], y.dtype)


def overhung(
    op: ops.MaxPool | ops.AveragePool,
    spatial: Sequence[int],
    counts: Sequence[int],
    dilations: Sequence[int],
) -> list[int]:
    """Returns the pads, longer at the ends by what the last window overhangs."""
    rank, ends = len(spatial), []
    for axis in range(rank):
        reach = dilations[axis] * (op.kernel_shape[axis] - 1) + 1
        need = (counts[axis] - 1) * op.strides[axis] + reach - spatial[axis] - op.pads[axis]
        ends.append(max(op.pads[rank + axis], need))
    return [*op.pads[:rank], *ends]


def _shifted(
    op: ops.MaxPool | ops.AveragePool, dilations: Sequence[int], x: Tensor, counts: Sequence[int]
) -> list[Tensor]:
    """Returns one array for each place of a window: the elements that windows have there."""
    parts = []
    for place in itertools.product(*map(range, op.kernel_shape)):
        cut = [
            slice(k * d, k * d + s * (count - 1) + 1, s)
            for k, d, s, count in zip(place, dilations, op.strides, counts, strict=True)
        ]
        where = (slice(None), *cut)
        parts.append(x[where])
    return parts


def _lacks(x: Tensor) -> bool:
    """Whether TensorFlow has no pooling of such arrays: three spatial axes in double precision."""
    return len(x.shape) == 5 and x.dtype != tf.float32


def _counted(op: ops.AveragePool, spatial: Sequence[int], counts: Sequence[int]) -> Array:
    """Returns how many elements of each window count."""
    rank, along = len(spatial), []
    for axis, count in enumerate(counts):
        pad = (op.pads[axis], op.pads[axis + rank]) if op.count_include_pad else (0, 0)
        begins = np.arange(count) * op.strides[axis] - op.pads[axis]
        ends = np.minimum(begins + op.kernel_shape[axis], spatial[axis] + pad[1])
        along.append(ends - np.maximum(begins, -pad[0]))
    return np.asarray(reduce(np.multiply.outer, along))


def _four(sizes: Sequence[int]) -> list[int]:
    """Returns sizes for an array with its channels last, of two spatial axes at least."""
    return [1, *((1, *sizes) if len(sizes) == 1 else sizes), 1]


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.AveragePool: average_pool,
    ops.MaxPool: max_pool,
}
