"""Functions that join tensors and take them apart; ``x[...]`` slices one."""

from __future__ import annotations

from collections.abc import Sequence

from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.ops.slicing import END
from vega_core.nn.shapes import axis_of, show
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current


def concat(tensors: Sequence[Tensor], axis: int = 1) -> Tensor:
    """Returns tensors one after another along ``axis``."""
    return current().emit(ops.Concat(axis), tensors)[0]


def split(x: Tensor, parts: int | Sequence[int], axis: int = 1) -> tuple[Tensor, ...]:
    """Returns x cut along one axis.

    Args:
        x: The input.
        parts: How many equal parts, or the size of each; -k is k times the batch size.
        axis: The axis that is cut.

    Raises:
        ShapeError: Equal parts do not divide the axis, or sizes do not add up to it.
    """
    if not isinstance(parts, Sequence):
        size = x.shape[axis_of(axis, x.shape)]
        if parts < 1 or size % parts:
            raise ShapeError(f"axis {axis} of {show(x.shape)} has no {parts} equal parts")
        parts = (size // parts,) * parts
    return current().emit(ops.Split(axis, tuple(parts)), (x,))


def slice_axis(
    x: Tensor, axis: int, start: int = 0, end: int | None = None, step: int = 1
) -> Tensor:
    """Returns every so many elements along one axis, where its number is not known to be written.

    Args:
        x: The input.
        axis: The axis.
        start: The first place.
        end: The place before which it ends; the axis's end by default.
        step: Distance between the elements; negative: backwards.
    """
    last = (END if step > 0 else -END) if end is None else end
    return x.apply(ops.Slice((start,), (last,), (axis,), (step,)))
