"""Operators that give the same elements another shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from vega_core.nn import ops
from vega_core.nn.dependency.labels import Ids
from vega_core.nn.dependency.rules.through import Rule
from vega_core.nn.dependency.spot import Axes, Axis, Spot
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import Shape, axes_of


def transposed(op: ops.Transpose, spot: Spot) -> Sequence[Axes]:
    """The axes in another order."""
    return [tuple([spot.inputs[0][axis] for axis in op.perm])]


def squeezed(op: ops.Squeeze, spot: Spot) -> Sequence[Axes]:
    """Without axes of size 1, which must stay so."""
    left_out = axes_of(op.axes, spot.specs[0].shape)
    spot.fix_but(0, [axis for axis in range(len(spot.inputs[0])) if axis not in left_out])
    return [tuple([ids for axis, ids in enumerate(spot.inputs[0]) if axis not in left_out])]


def unsqueezed(op: ops.Unsqueeze, spot: Spot) -> Sequence[Axes]:
    """With more axes of size 1."""
    rank, kept = len(spot.results[0].shape), iter(spot.inputs[0])
    new = axes_of(op.axes, (1,) * rank)
    return [tuple([None if axis in new else next(kept) for axis in range(rank)])]


def expanded(_: ops.Expand, spot: Spot) -> Sequence[Axes]:
    """Axes of size 1 become longer, by copies that can be left out."""
    (x,), (y,) = spot.specs, spot.results
    new = len(y.shape) - len(x.shape)
    axes: list[Axis] = []
    for axis, size in enumerate(y.shape):
        same = axis >= new and x.shape[axis - new] == size
        if same:
            axes.append(spot.inputs[0][axis - new])
        else:
            axes.append(spot.labels.fresh(size) if size > 0 else None)
    return [tuple(axes)]


def reshaped(_: Primitive, spot: Spot) -> Sequence[Axes]:
    """Axes that become one, or one that becomes several."""
    (x,), (y,), (axes,) = spot.specs, spot.results, spot.inputs
    found: list[Axis] = []
    for before, after in blocks(x.shape, y.shape):
        old, new = x.shape[before], y.shape[after]
        found += _regrouped(spot, old, axes[before], new, len(x.shape) < len(y.shape))
    return [tuple(found)]


def blocks(old: Shape, new: Shape) -> Iterator[tuple[slice, slice]]:
    """Yields the shortest runs of axes that have as many elements before as after."""
    i = j = 0
    while i < len(old) and j < len(new):
        first, a, b = (i, j), old[i], new[j]
        i, j = i + 1, j + 1
        while a != b:
            # Of equal sizes the one that is positive lacks the batch.
            fewer = abs(a) < abs(b) or (abs(a) == abs(b) and a > b)
            if j == len(new) or (fewer and i < len(old)):
                a, i = a * old[i], i + 1
            else:
                b, j = b * new[j], j + 1
        yield slice(first[0], i), slice(first[1], j)
    if i < len(old) or j < len(new):  # axes of size 1
        yield slice(i, len(old)), slice(j, len(new))


def _regrouped(spot: Spot, old: Shape, axes: Axes, new: Shape, picture: bool) -> Sequence[Axis]:
    """Returns the axes that a run of axes becomes.

    Args:
        spot: The node.
        old: Sizes before.
        axes: Numbers before.
        new: Sizes after.
        picture: Whether channels become the first of several axes, not the last.
    """
    if old == new:
        return axes
    labelled = [(axis, ids) for axis, ids in enumerate(axes) if ids is not None]
    result: list[Axis] = [None] * len(new)
    if len(labelled) != 1 or min(*old, *new, 1) < 1 or not new:
        for _, ids in labelled:
            spot.fix(ids)
        return result
    ((axis, ids),) = labelled
    outer, _, inner = _around(old, axis)
    flat = np.tile(np.repeat(ids, inner), outer)
    long = [place for place, size in enumerate(new) if size > 1] or [0]
    chosen = next((place for place in long if _constant(spot, flat, new, place)), None)
    if chosen is None:
        chosen = long[0] if picture and len(old) == 1 and len(new) > 2 else long[-1]
        around = flat.reshape(_around(new, chosen))
        spot.labels.join(around, around[:1, :, :1])
    result[chosen] = flat.reshape(_around(new, chosen))[0, :, 0]
    return result


def _around(sizes: Shape, place: int) -> tuple[int, int, int]:
    """Returns the sizes as three: before an axis, the axis, after it."""
    before = int(np.prod(sizes[:place], dtype=np.int64))
    return before, sizes[place], int(np.prod(sizes[place + 1 :], dtype=np.int64))


def _constant(spot: Spot, flat: Ids, sizes: Shape, place: int) -> bool:
    """Tells whether only one axis of several distinguishes channels."""
    roots = spot.labels.find(flat).reshape(_around(sizes, place))
    return bool((roots == roots[:1, :, :1]).all())


RULES: Final[Mapping[type[Any], Rule]] = {
    ops.Expand: expanded,
    ops.Flatten: reshaped,
    ops.Reshape: reshaped,
    ops.Squeeze: squeezed,
    ops.Transpose: transposed,
    ops.Unsqueeze: unsqueezed,
}
