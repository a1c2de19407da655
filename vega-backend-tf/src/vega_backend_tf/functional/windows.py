"""Padding, pooling and other resolutions of pictures, with their channels last."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, Final

import keras
import numpy as np
from keras import ops as K

from vega_backend_tf.functional.spot import Form, Spot, Tensor
from vega_backend_tf.lowering.padding import around, scheme
from vega_backend_tf.lowering.pooling import overhung
from vega_core.arrays import Array
from vega_core.nn import ops
from vega_core.nn.ops.resampling import nearest
from vega_core.nn.primitive import Call, Primitive

_MAX: Final = (
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.layers.MaxPooling3D,
)
_MEAN: Final = (
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.AveragePooling3D,
)


def padded(x: Tensor, pads: Sequence[int], value: float = 0.0) -> Tensor:
    """Returns an array with more elements around its spatial axes."""
    return K.pad(x, around(pads), constant_values=value) if any(pads) else x


def pad(op: ops.Pad, spot: Spot) -> Tensor:
    """Gives a padding."""
    sides = [[0, 0]] * spot.rank
    for axis in range(spot.rank):
        sides[spot.axis(axis)] = [op.pads[axis], op.pads[axis + spot.rank]]
    (x,) = spot.inputs
    if op.mode == "constant":
        value = np.asarray(op.value).astype(spot.specs[0].dtype).item()
        return K.pad(x, sides, constant_values=value)
    for axis, (before, after) in enumerate(sides):
        if before or after:
            places = np.pad(np.arange(x.shape[axis]), (before, after), op.mode)
            x = K.take(x, places.astype("int32"), axis)
    return x


def max_pool(op: ops.MaxPool, spot: Spot) -> Tensor:
    """Gives the largest element of each window."""
    (x,), spatial, counts = spot.inputs, spot.shape[2:], spot.results[0].shape[2:]
    pads = overhung(op, spatial, counts, op.dilations)
    least = float(np.finfo(spot.specs[0].dtype).min)
    if max(op.dilations) > 1:
        return reduce(K.maximum, _shifted(op, padded(x, pads, least), counts))
    padding = scheme(spatial, op.kernel_shape, op.strides, pads, op.dilations)
    if padding is None:
        x, padding = padded(x, pads, least), "VALID"
    return _pooled(_MAX, op, spot, x, padding)


def average_pool(op: ops.AveragePool, spot: Spot) -> Tensor:
    """Gives means of whole windows, corrected where some of it does not count."""
    (x,), spatial, counts = spot.inputs, spot.shape[2:], spot.results[0].shape[2:]
    x = padded(x, overhung(op, spatial, counts, (1,) * len(spatial)))
    y = _pooled(_MEAN, op, spot, x, "VALID")
    factors = math.prod(op.kernel_shape) / _counted(op, spatial, counts)
    if (factors == 1).all():
        return y
    return y * factors[..., None].astype(spot.specs[0].dtype)


def _pooled(
    kinds: Sequence[Any], op: ops.MaxPool | ops.AveragePool, spot: Spot, x: Tensor, padding: str
) -> Tensor:
    flat = len(op.kernel_shape) == 1
    return spot.layer(
        kinds[len(op.kernel_shape) - 1],
        [],
        x,
        pool_size=op.kernel_shape[0] if flat else op.kernel_shape,
        strides=op.strides[0] if flat else op.strides,
        padding=padding.lower(),
        data_format="channels_last",
    )


def _shifted(op: ops.MaxPool, x: Tensor, counts: Sequence[int]) -> list[Tensor]:
    """Returns one array for each place of a window: the elements that windows have there."""
    parts = []
    for place in itertools.product(*map(range, op.kernel_shape)):
        sizes = zip(place, op.dilations, op.strides, counts, strict=True)
        cut = [slice(k * d, k * d + s * (count - 1) + 1, s) for k, d, s, count in sizes]
        where = (slice(None), *cut)
        parts.append(x[where])
    return parts


def _counted(op: ops.AveragePool, spatial: Sequence[int], counts: Sequence[int]) -> Array:
    """Returns how many elements of each window count: the reference's mean of ones, padded."""
    rank, along = len(spatial), []
    for axis, count in enumerate(counts):
        ends = (op.pads[axis], op.pads[axis + rank]) if op.count_include_pad else (0, 0)
        first = np.arange(count) * op.strides[axis] - op.pads[axis]
        last = np.minimum(first + op.kernel_shape[axis], spatial[axis] + ends[1])
        along.append(last - np.maximum(first, -ends[0]))
    return np.asarray(reduce(np.multiply.outer, along))


def over_all(function: Callable[..., Any]) -> Form:
    """Returns the form of a global pooling."""
    return lambda _, spot: function(spot.inputs[0], spot.axes(range(2, spot.rank)), keepdims=True)


def adaptive(kind: type[Any]) -> Form:
    """Returns the form of a pooling to a given size, an axis at a time, window by window."""
    function = K.mean if kind is ops.AdaptiveAveragePool else K.max

    def form(op: Any, spot: Spot) -> Tensor:
        (x,) = spot.inputs
        for place, (size, count) in enumerate(zip(spot.shape[2:], op.output_size, strict=True)):
            axis = spot.axis(place + 2)
            if count == size:
                continue
            edges = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
            front = (slice(None),) * axis
            cuts = [(*front, slice(*edge)) for edge in edges]
            parts = [function(x[cut], axis, keepdims=True) for cut in cuts]
            x = parts[0] if count == 1 else K.concatenate(parts, axis)
        return x

    return form


def resize(op: ops.Resize, spot: Spot) -> Tensor:
    """Gives another resolution, an axis at a time: by number, or by a matrix of shares."""
    (x,) = spot.inputs
    for place, (old, new) in enumerate(zip(spot.shape[2:], op.size, strict=True)):
        axis = spot.axis(place + 2)
        if old == new:
            continue
        if op.mode == "linear":
            x = _along(x, _shares(op, old, new).astype(spot.specs[0].dtype), axis)
        elif new % old == 0:
            x = K.repeat(x, new // old, axis)
        else:
            x = K.take(x, np.asarray(nearest(old, new), np.int32), axis)
    return x


def _along(x: Tensor, matrix: Array, axis: int) -> Tensor:
    """Returns an array with one axis multiplied by a matrix (new size, old size)."""
    return K.moveaxis(K.matmul(K.moveaxis(x, axis, -1), matrix.T), -1, axis)


def _shares(op: ops.Resize, old: int, new: int) -> Array:
    """Returns the matrix that resizes one axis: the reference, applied to unit vectors."""
    line = ops.Resize((new,), op.mode, op.align_corners)
    (columns,) = line.reference(Call([np.eye(old)[:, None]], {}))
    return np.asarray(columns[:, 0].T)


def depth_to_space(op: ops.DepthToSpace, spot: Spot) -> Tensor:
    """Gives channels that became places."""
    _, c, h, w = spot.shape
    b = op.blocksize
    squares = K.reshape(spot.inputs[0], (-1, h, w, c // b**2, b, b))
    return K.reshape(K.transpose(squares, (0, 1, 4, 2, 5, 3)), (-1, h * b, w * b, c // b**2))


def space_to_depth(op: ops.SpaceToDepth, spot: Spot) -> Tensor:
    """Gives places that became channels."""
    _, c, h, w = spot.shape
    b = op.blocksize
    squares = K.reshape(spot.inputs[0], (-1, h // b, b, w // b, b, c))
    return K.reshape(K.transpose(squares, (0, 1, 3, 5, 2, 4)), (-1, h // b, w // b, c * b**2))


def channel_shuffle(op: ops.ChannelShuffle, spot: Spot) -> Tensor:
    """Gives channels in the order of their places in groups."""
    order = np.arange(spot.shape[1], dtype=np.int32).reshape(op.groups, -1).T.ravel()
    return K.take(spot.inputs[0], order, spot.axis(1))


FORMS: Final[Mapping[type[Primitive], Form]] = {
    ops.AdaptiveAveragePool: adaptive(ops.AdaptiveAveragePool),
    ops.AdaptiveMaxPool: adaptive(ops.AdaptiveMaxPool),
    ops.AveragePool: average_pool,
    ops.ChannelShuffle: channel_shuffle,
    ops.DepthToSpace: depth_to_space,
    ops.GlobalAveragePool: over_all(K.mean),
    ops.GlobalMaxPool: over_all(K.max),
    ops.MaxPool: max_pool,
    ops.Pad: pad,
    ops.Resize: resize,
    ops.SpaceToDepth: space_to_depth,
}
"""Form by operator type."""
