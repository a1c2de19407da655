"""Operators that change the resolution of pictures, and the order of channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.arrays import Array
from vega_core.nn import ops
from vega_core.nn.ops.resampling import nearest
from vega_core.nn.primitive import Call, Primitive

_LETTERS: Final = "abcdef"


def along(x: Tensor, matrix: Array, axis: int) -> Tensor:
    """Returns an array with one axis multiplied by a matrix (new size, old size)."""
    old = _LETTERS[: len(x.shape)]
    new = old.replace(old[axis], "z")
    return tf.einsum(f"{old},z{old[axis]}->{new}", x, tf.constant(matrix, x.dtype))


def resize(op: ops.Resize, site: Site) -> Tensor:
    """Lowers Resize, an axis at a time: by number, or by a matrix of shares."""
    x, spatial = site.inputs[0], site.specs[0].shape[2:]
    for place, (old, new) in enumerate(zip(spatial, op.size, strict=True)):
        axis = site.axis(place + 2)
        if old == new:
            continue
        if op.mode == "linear":
            x = along(x, _shares(op, old, new), axis)
        elif new % old == 0:
            x = tf.repeat(x, new // old, axis)
        else:
            x = tf.gather(x, nearest(old, new), axis=axis)
    return x


def depth_to_space(op: ops.DepthToSpace, site: Site) -> Tensor:
    """Lowers DepthToSpace; channels last, TensorFlow's own takes them in another order."""
    x, b = site.inputs[0], op.blocksize
    _, c, h, w = site.specs[0].shape
    (n,) = site.sizes(site.specs[0].shape[:1])
    squares = tf.reshape(x, (n, h, w, c // b**2, b, b))
    return tf.reshape(tf.transpose(squares, (0, 1, 4, 2, 5, 3)), (n, h * b, w * b, c // b**2))


def space_to_depth(op: ops.SpaceToDepth, site: Site) -> Tensor:
    """Lowers SpaceToDepth."""
    x, b = site.inputs[0], op.blocksize
    _, c, h, w = site.specs[0].shape
    (n,) = site.sizes(site.specs[0].shape[:1])
    squares = tf.reshape(x, (n, h // b, b, w // b, b, c))
    return tf.reshape(tf.transpose(squares, (0, 1, 3, 5, 2, 4)), (n, h // b, w // b, c * b**2))


def channel_shuffle(op: ops.ChannelShuffle, site: Site) -> Tensor:
    """Lowers ChannelShuffle."""
    (x,), (spec,) = site.inputs, site.specs
    order = np.arange(spec.shape[1]).reshape(op.groups, -1).T.ravel()
    return tf.gather(x, order, axis=site.axis(1))


def _shares(op: ops.Resize, old: int, new: int) -> Array:
    """Returns the matrix that resizes one axis: the reference, applied to unit vectors."""
    line = ops.Resize((new,), op.mode, op.align_corners)
    (columns,) = line.reference(Call([np.eye(old)[:, None]], {}))
    return np.asarray(columns[:, 0].T)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.ChannelShuffle: channel_shuffle,
    ops.DepthToSpace: depth_to_space,
    ops.Resize: resize,
    ops.SpaceToDepth: space_to_depth,
}
