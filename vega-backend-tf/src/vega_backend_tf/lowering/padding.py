"""Padding, which convolutions and pooling share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def around(pads: Sequence[int]) -> list[list[int]]:
    """Returns the pads of spatial axes for an array with its channels last."""
    rank = len(pads) // 2
    sides = zip(pads[:rank], pads[rank:], strict=True)
    return [[0, 0], *map(list, sides), [0, 0]]


def padded(x: Tensor, pads: Sequence[int], value: Any = 0) -> Tensor:
    """Returns an array, its channels last, with more elements around its spatial axes."""
    if not any(pads):
        return x
    return tf.pad(x, around(pads), constant_values=tf.constant(value, x.dtype))


def scheme(
    spatial: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
) -> str | None:
    """Returns the name of TensorFlow's own padding that is the same, where there is one."""
    if not any(pads):
        return "VALID"
    rank = len(kernel)
    for axis in range(rank):
        reach = dilations[axis] * (kernel[axis] - 1) + 1
        count = -(-spatial[axis] // strides[axis])
        total = max((count - 1) * strides[axis] + reach - spatial[axis], 0)
        if (pads[axis], pads[axis + rank]) != (total // 2, total - total // 2):
            return None
    return "SAME"


def pad(op: ops.Pad, site: Site) -> Tensor:
    """Lowers Pad; TensorFlow has no mode for the first and last element again."""
    (x,), rank = site.inputs, site.rank
    sides = [[0, 0]] * rank
    for axis in range(rank):
        sides[site.axis(axis)] = [op.pads[axis], op.pads[axis + rank]]
    if op.mode == "constant":
        value = np.asarray(op.value).astype(site.specs[0].dtype)
        return tf.pad(x, sides, constant_values=value)
    if op.mode == "reflect":
        return tf.pad(x, sides, "REFLECT")
    for axis, (before, after) in enumerate(sides):
        if before or after:
            size = int(x.shape[axis])
            places = [min(max(place, 0), size - 1) for place in range(-before, size + after)]
            x = tf.gather(x, places, axis=axis)
    return x


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Pad: pad,
}
