"""Pooling to a given size, and to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import tensorflow as tf

from vega_backend_tf.lowering.resampling import along
from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def over_all(function: Callable[..., Any]) -> Lowering:
    """Returns the lowering of a global pooling."""
    return lambda _, site: function(site.inputs[0], site.axes(range(2, site.rank)), keepdims=True)


def adaptive_average(op: ops.AdaptiveAveragePool, site: Site) -> Tensor:
    """Lowers AdaptiveAveragePool: an axis at a time, by a matrix of shares."""
    x = site.inputs[0]
    for place, (size, count) in enumerate(
        zip(site.specs[0].shape[2:], op.output_size, strict=True)
    ):
        axis = site.axis(place + 2)
        if count == 1:
            x = tf.reduce_mean(x, axis, keepdims=True)
        elif count != size:
            matrix = np.zeros((count, size))
            for row, (begin, end) in enumerate(_edges(size, count)):
                matrix[row, begin:end] = 1 / (end - begin)
            x = along(x, matrix, axis)
    return x


def adaptive_max(op: ops.AdaptiveMaxPool, site: Site) -> Tensor:
    """Lowers AdaptiveMaxPool: an axis at a time, window by window."""
    x = site.inputs[0]
    for place, (size, count) in enumerate(
        zip(site.specs[0].shape[2:], op.output_size, strict=True)
    ):
        axis = site.axis(place + 2)
        front = (slice(None),) * axis
        places = [(*front, slice(*edge)) for edge in _edges(size, count)]
        parts = [tf.reduce_max(x[where], axis, keepdims=True) for where in places]
        x = parts[0] if count == 1 else tf.concat(parts, axis)
    return x


def _edges(size: int, count: int) -> list[tuple[int, int]]:
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.AdaptiveAveragePool: adaptive_average,
    ops.AdaptiveMaxPool: adaptive_max,
    ops.GlobalAveragePool: over_all(tf.reduce_mean),
    ops.GlobalMaxPool: over_all(tf.reduce_max),
}
