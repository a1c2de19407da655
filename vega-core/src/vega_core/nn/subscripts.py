"""Subscripts of symbolic tensors: what ``x[:, 0, ..., ::2, None]`` emits."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from vega_core.errors import ModelError, ShapeError
from vega_core.nn import ops
from vega_core.nn.ops.slicing import END
from vega_core.nn.shapes import Shape, show

if TYPE_CHECKING:
    from vega_core.nn.tensor import Tensor

Part: TypeAlias = int | slice | EllipsisType | None
Subscript: TypeAlias = Part | tuple[Part, ...]

Cut: TypeAlias = tuple[int, int, int]
"""Start, end and step of a `vega_core.nn.ops.Slice`."""

_BACKWARDS: Final[Cut] = (-1, -END, -1)


def subscripted(x: Tensor, subscript: Subscript) -> Tensor:
    """Returns ``x[subscript]`` by NumPy's rules for numbers, slices, None and an ellipsis.

    Raises:
        ShapeError: A number is outside of its axis, a slice is empty, there are more subscripts
            than axes, or the batch would not stay whole.
        ModelError: A subscript is something else.
    """
    parts = _spelled(subscript if isinstance(subscript, tuple) else (subscript,), x.shape)
    cuts: dict[int, Cut] = {}
    dropped, added, axis, place = [], [], 0, 0
    for part in parts:
        if part is None:
            added.append(place)
            place += 1
            continue
        cut = _slice(part, axis, x.shape) if isinstance(part, slice) else _one(part, axis, x.shape)
        if cut is not None:
            cuts[axis] = cut
        if isinstance(part, slice):
            place += 1
        else:
            dropped.append(axis)
        axis += 1
    if cuts:
        starts, ends, steps = zip(*cuts.values(), strict=True)
        x = x.apply(ops.Slice(starts, ends, tuple(cuts), steps))
    if dropped:
        x = x.apply(ops.Squeeze(tuple(dropped)))
    return x.apply(ops.Unsqueeze(tuple(added))) if added else x


def _spelled(parts: tuple[Any, ...], shape: Shape) -> Sequence[Any]:
    """Returns one subscript an axis, and the new axes between them."""
    parts = tuple(
        part if part is None or isinstance(part, (slice, EllipsisType)) else _number(part, shape)
        for part in parts
    )
    named = sum(part is not None and part is not Ellipsis for part in parts)
    gaps = [place for place, part in enumerate(parts) if part is Ellipsis] or [len(parts)]
    if named > len(shape) or len(gaps) > 1:
        raise ShapeError(f"{len(parts)} subscripts {parts} of shape {show(shape)}")
    rest = (slice(None),) * (len(shape) - named)
    return (*parts[: gaps[0]], *rest, *parts[gaps[0] + 1 :])


def _number(part: Any, shape: Shape) -> int:
    try:
        if not isinstance(part, bool):
            return index(part)
    except TypeError:
        pass
    raise ModelError(
        f"a tensor of shape {show(shape)} is subscripted by numbers, slices, None and an ellipsis, "
        f"and got {part!r}; nn.gather picks by another tensor"
    )


def _one(number: int, axis: int, shape: Shape) -> Cut | None:
    size = shape[axis]
    if not -size <= number < size:
        raise ShapeError(f"{number} is no place of axis {axis} of {show(shape)}")
    return None if size == 1 else (number % size, number % size + 1, 1)


def _slice(part: slice, axis: int, shape: Shape) -> Cut | None:
    if part.step == 0:
        raise ShapeError(f"a slice of axis {axis} of {show(shape)} with a step of 0")
    size = shape[axis]
    if size >= 0:
        start, end, step = part.indices(size)
        if not range(start, end, step):
            raise ShapeError(f"a slice of axis {axis} of {show(shape)} is empty: {part}")
        whole = (start, end, step) == (0, size, 1)
        return None if whole else (start, end if end >= 0 else -END, step)
    ends = part.start, part.stop
    if ends == (None, None) and part.step in (None, 1, -1):
        return _BACKWARDS if part.step == -1 else None
    raise ShapeError(f"axis {axis} of {show(shape)} is the batch, which stays whole: {part}")
