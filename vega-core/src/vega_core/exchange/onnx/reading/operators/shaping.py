"""Operators that give the same elements another shape, and shapes themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from operator import mul
from typing import Final

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.site import Readings, Site, sizes_in
from vega_core.exchange.onnx.reading.sizes import Size, Whole, shape_of, sizes_of, symbolic
from vega_core.exchange.onnx.reading.values import Computed, Known, Value
from vega_core.nn import ops
from vega_core.nn.shapes import BATCH, Shape, product, show


def reshape(site: Site) -> Value:
    """Reads Reshape."""
    x, target = site.values(2)
    sizes = _of_any_batch(site, x, sizes_in(target, "the new shape"))
    zeros = bool(site.whole("allowzero", 0))
    return site.emit(ops.Reshape(reshaped(x.spec.shape, sizes, zeros)), x)


def reshaped(shape: Shape, sizes: Sequence[Whole], zeros: bool = False) -> Shape:
    """Returns what `ops.Reshape` takes for these sizes.

    A size of the batch that the input has in the same place is 0 (as there), another one is -1
    (what is left).

    Args:
        shape: The input's shape.
        sizes: The new ones; 0 is the input's at its place, one -1 what is left.
        zeros: Whether 0 is a size of nothing instead.

    Raises:
        ModelError: They do not fit, or the batch is in two places.
    """
    if zeros and 0 in sizes:
        raise ModelError(f"an array without elements: {show(shape)} to {list(map(str, sizes))}")
    same = [
        place < len(shape) and (one == 0 or (isinstance(one, Size) and _is(one, shape[place])))
        for place, one in enumerate(sizes)
    ]
    moved = [p for p, one in enumerate(sizes) if isinstance(one, Size) and not same[p]]
    if len(moved) > 1:
        raise ModelError(f"the batch is in two places of {list(map(str, sizes))}")
    new = [0 if same[p] else -1 if isinstance(one, Size) else one for p, one in enumerate(sizes)]
    if not moved or -1 not in sizes:
        return tuple(new)
    # What is left is a number then, and the batch takes its place.
    (times,) = shape_of([sizes[moved[0]]])
    rest = [shape[p] if same[p] else one for p, one in enumerate(new)]
    known = times * math.prod(one for one in rest if one != -1)
    total = product(shape)
    if not known or total % known:
        raise ModelError(f"cannot reshape {show(shape)} to {list(map(str, sizes))}")
    new[list(sizes).index(-1)] = total // known
    return tuple(new)


def flatten(site: Site) -> Value:
    """Reads Flatten."""
    (x,) = site.values(1)
    axis = site.whole("axis", 1)
    return site.emit(ops.Flatten(axis + len(x.spec.shape) if axis < 0 else axis), x)


def transpose(site: Site) -> Value:
    """Reads Transpose."""
    (x,) = site.values(1)
    rank = len(x.spec.shape)
    return site.emit(ops.Transpose(site.wholes("perm") or tuple(range(rank))[::-1]), x)


def squeeze(site: Site) -> Value:
    """Reads Squeeze."""
    (x,) = site.values(1)
    axes = site.axes(1)
    if axes is None:
        axes = tuple(place for place, one in enumerate(x.spec.shape) if one == 1)
    return site.emit(ops.Squeeze(axes), x) if axes else x


def unsqueeze(site: Site) -> Value:
    """Reads Unsqueeze."""
    (x,) = site.values(1)
    axes = site.axes(1)
    return site.emit(ops.Unsqueeze(axes), x) if axes else x


def expand(site: Site) -> Value:
    """Reads Expand, also to the size of the batch."""
    x, target = site.values(2)
    sizes: list[Whole] = _of_any_batch(site, x, sizes_in(target, "the shape"))
    rank = max(len(sizes), len(x.spec.shape))
    if len(x.spec.shape) < rank:
        more = tuple(range(rank - len(x.spec.shape)))
        x = site.emit(ops.Unsqueeze(more), x)
    sizes = [*(1,) * (rank - len(sizes)), *sizes]
    for axis, one in enumerate(sizes):
        if isinstance(one, Size):
            if x.spec.shape[axis] == 1 and one == Size(1):
                x = site.emitter.every_sample(x, axis)
            elif not _is(one, x.spec.shape[axis]):
                raise ModelError(f"cannot expand {show(x.spec.shape)} to {one}")
            sizes[axis] = 1
    shape = shape_of(sizes)
    whole = all(new in (1, old) for new, old in zip(shape, x.spec.shape, strict=True))
    return x if whole else site.emit(ops.Expand(shape), x)


def tile(site: Site) -> Value:
    """Reads Tile: an axis of copies is added, and made one with the axis that is repeated."""
    x, repeats = site.values(2)
    for axis, one in enumerate(sizes_in(repeats, "the repeats")):
        old = x.spec.shape
        if one == Size(1) and old[axis] == 1:
            x = site.emitter.every_sample(x, axis)
        elif isinstance(one, Size) or one < 1 or (one > 1 and old[axis] < 1):
            raise ModelError(f"Tile of {show(old)} {one} times along axis {axis}")
        elif one > 1:
            copies = (0,) * axis + (one,) + (0,) * (len(old) - axis)
            x = site.emit(ops.Expand(copies), site.emit(ops.Unsqueeze((axis,)), x))
            sizes = sizes_of((*old[:axis], old[axis] * one, *old[axis + 1 :]))
            x = site.emit(ops.Reshape(reshaped(x.spec.shape, sizes)), x)
    return x


def shape(site: Site) -> Value:
    """Reads Shape, in which the batch is a symbol."""
    (x,) = site.values(1)
    sizes = sizes_of(x.spec.shape)
    rank = len(sizes)
    start, end = site.whole("start", 0), site.whole("end", rank)
    return _sizes(sizes[slice(start, end)])


def elements(site: Site) -> Value:
    """Reads Size, the number of elements."""
    (x,) = site.values(1)
    return _sizes(reduce(mul, sizes_of(x.spec.shape), 1))


def constant_of_shape(site: Site) -> Value:
    """Reads ConstantOfShape, also of the batch's size."""
    (target,) = site.values(1)
    value = site.constant(0.0, "float32")
    if "value" in site.attributes:
        array = site.array(site.attributes["value"].t)
        value = site.constant(array.reshape(()), array.dtype.name)
    sizes = sizes_in(target, "the shape")
    fixed = [1 if isinstance(one, Size) else one for one in sizes]
    x: Value = value
    if sizes:
        x = site.emit(ops.Reshape((1,) * len(sizes)), x)
        x = site.emit(ops.Expand(shape_of(fixed)), x)
    for axis, one in enumerate(sizes):
        if isinstance(one, Size):
            if one != Size(1):
                raise ModelError(f"an array of {one}")
            x = site.emitter.every_sample(x, axis)
    return x


def _sizes(sizes: Sequence[Whole] | Whole) -> Value:
    array = symbolic(sizes)
    if not any(isinstance(one, Size) for one in array.ravel()):
        array = array.astype("int64")
    return Known(array, "int64")


def _is(one: Size, size: int) -> bool:
    return one == Size(-size) if size < 0 else False


def _of_any_batch(site: Site, x: Value, sizes: list[Whole]) -> list[Whole]:
    """Returns sizes with the batch in place of the one number that the file was made for.

    A file that was exported for a batch of one size has that number in its shapes; the first size
    is taken for it where the others hold just one sample.
    """
    batch = site.batch
    if not isinstance(x, Computed) or x.spec.shape[:1] != (BATCH,) or batch is None or not sizes:
        return sizes
    rest = [one for one in sizes[1:] if not isinstance(one, Size)]
    if sizes[0] != batch or len(rest) < len(sizes) - 1:
        return sizes
    taken = [
        x.spec.shape[place] if one == 0 and place < len(x.spec.shape) else one
        for place, one in enumerate(rest, 1)
    ]
    if -1 in rest or math.prod(taken) == x.spec.per_sample:
        return [Size(1), *rest]
    return sizes


READINGS: Final[Readings] = {
    "ConstantOfShape": constant_of_shape,
    "Expand": expand,
    "Flatten": flatten,
    "Reshape": reshape,
    "Shape": shape,
    "Size": elements,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
