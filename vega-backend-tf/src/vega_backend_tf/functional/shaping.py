"""Operators that rearrange, join, cut, reduce and look up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from keras import ops as K

from vega_backend_tf.functional.spot import Form, Spot, Tensor, open_sizes
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.ops.slicing import bounds
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import axes_of, axis_of


def reshaped(op: Any, spot: Spot) -> Tensor:  # noqa: ARG001
    """Gives the same elements in their order."""
    return K.reshape(spot.inputs[0], open_sizes(spot.results[0].shape))


def expand(op: ops.Expand, spot: Spot) -> Tensor:  # noqa: ARG001
    """Gives an array that is repeated; over the batch only where it has it already."""
    shape, rank = spot.results[0].shape, len(spot.results[0].shape)
    own = (1,) * (rank - spot.rank) + spot.shape
    if any(new < 0 and old != new for new, old in zip(shape, own, strict=True)):
        raise ModelError("Keras repeats no array as often as the batch is large")
    x = K.reshape(spot.inputs[0], open_sizes(own))
    for axis, (new, old) in enumerate(zip(shape, own, strict=True)):
        x = K.repeat(x, new, axis) if new != old else x
    return x


def split(op: ops.Split, spot: Spot) -> Tensor:
    """Gives parts; a tuple of one where it is one."""
    x, axis = spot.inputs[0], spot.axis(op.axis)
    if len(op.sizes) == 1:
        return (x,)
    if min(op.sizes) < 0:
        raise ModelError("Keras splits no axis that depends on the batch")
    ends = [int(end) for end in np.cumsum(op.sizes)[:-1]]
    return tuple(K.split(x, ends, axis))


def slicing(op: ops.Slice, spot: Spot) -> Tensor:
    """Gives a part."""
    parts = [slice(None)] * spot.rank
    for place, axis in enumerate(axes_of(op.axes, spot.shape)):
        step = op.steps[place]
        if spot.shape[axis] < 0:
            parts[spot.axis(axis)] = slice(None, None, step)
            continue
        first, count = bounds(op.starts[place], op.ends[place], step, spot.shape[axis])
        end = first + step * count
        parts[spot.axis(axis)] = slice(first, None if end < 0 else end, step)
    return spot.inputs[0][tuple(parts)]


def reduction(function: Callable[..., Any]) -> Form:
    """Returns the form ``function(x, axes, keepdims=...)``."""
    return lambda op, spot: function(spot.inputs[0], _axes(op, spot), keepdims=op.keepdims)


def standard_deviation(op: ops.ReduceStd, spot: Spot) -> Tensor:
    """Gives a standard deviation."""
    (x,), axes = spot.inputs, _axes(op, spot)
    centred = x - K.mean(x, axes, keepdims=True)
    total = K.sum(K.square(centred), axes, keepdims=op.keepdims)
    count = K.sum(K.ones_like(x), axes, keepdims=op.keepdims) - op.correction
    return K.sqrt(total / count)


def norm(op: ops.ReduceL2, spot: Spot) -> Tensor:
    """Gives the Euclidean norm."""
    return K.sqrt(K.sum(K.square(spot.inputs[0]), _axes(op, spot), keepdims=op.keepdims))


def _axes(op: Any, spot: Spot) -> list[int]:
    return spot.axes(op.places(spot.shape))


def running_sum(op: ops.CumSum, spot: Spot) -> Tensor:
    """Gives running sums."""
    (x,), axis = spot.inputs, spot.axis(op.axis)
    y = K.cumsum(K.flip(x, axis) if op.reverse else x, axis)
    y = K.flip(y, axis) if op.reverse else y
    return y - x if op.exclusive else y


def extreme(function: Callable[..., Any]) -> Form:
    """Returns the form of ArgMax or ArgMin."""
    return lambda op, spot: K.cast(function(spot.inputs[0], op.axis, keepdims=op.keepdims), "int64")


def top(op: ops.TopK, spot: Spot) -> Tensor:
    """Gives the largest elements, which Keras looks for along the last axis."""
    (x,), axis, end = spot.inputs, axis_of(op.axis, spot.shape), spot.rank - 1
    x = K.moveaxis(x, axis, end)
    values, places = K.top_k(x if op.largest else -x, op.k)
    values = K.moveaxis(values if op.largest else -values, end, axis)
    return values, K.moveaxis(K.cast(places, "int64"), end, axis)


def gather(op: ops.Gather, spot: Spot) -> Tensor:
    """Gives elements by number."""
    return K.take(*spot.inputs, axis=axis_of(op.axis, spot.shape))


def gather_elements(op: ops.GatherElements, spot: Spot) -> Tensor:
    """Gives an element for each number."""
    data, numbers = spot.inputs
    axis, wanted = axis_of(op.axis, spot.shape), spot.specs[1].shape
    parts = [
        slice(None) if place == axis or size < 0 else slice(size)
        for place, size in enumerate(wanted)
    ]
    return K.take_along_axis(data[tuple(parts)], numbers, axis)


def one_hot(op: ops.OneHot, spot: Spot) -> Tensor:
    """Gives a 1 at each number; negative ones count from the end."""
    (x,) = spot.inputs
    numbers = K.where(K.less(x, 0), x + op.depth, x)
    hot = K.one_hot(numbers, op.depth, axis=op.axis, dtype="float32")
    return K.cast(hot, op.dtype)


def numbers(op: ops.Range, spot: Spot) -> Tensor:  # noqa: ARG001
    """Gives an array of its own."""
    (values,) = op.reference(Call([], {}))
    return values


FORMS: Final[Mapping[type[Primitive], Form]] = {
    ops.ArgMax: extreme(K.argmax),
    ops.ArgMin: extreme(K.argmin),
    ops.Concat: lambda op, spot: K.concatenate(spot.inputs, spot.axis(op.axis)),
    ops.Constant: lambda op, _: np.asarray(op.value, op.dtype),
    ops.CumSum: running_sum,
    ops.Dropout: lambda _, spot: spot.inputs[0],
    ops.Expand: expand,
    ops.Flatten: reshaped,
    ops.Gather: gather,
    ops.GatherElements: gather_elements,
    ops.MatMul: lambda _, spot: K.matmul(*spot.inputs),
    ops.OneHot: one_hot,
    ops.Parameter: lambda _, spot: spot.params["value"],
    ops.Range: numbers,
    ops.ReduceL2: norm,
    ops.ReduceLogSumExp: reduction(K.logsumexp),
    ops.ReduceMax: reduction(K.max),
    ops.ReduceMean: reduction(K.mean),
    ops.ReduceMin: reduction(K.min),
    ops.ReduceProd: reduction(K.prod),
    ops.ReduceStd: standard_deviation,
    ops.ReduceSum: reduction(K.sum),
    ops.Reshape: reshaped,
    ops.Slice: slicing,
    ops.Split: split,
    ops.Squeeze: reshaped,
    ops.TopK: top,
    ops.Transpose: lambda op, spot: K.transpose(spot.inputs[0], op.perm),
    ops.Unsqueeze: reshaped,
}
"""Form by operator type."""
