"""Sizes of windows and pads, as authors write them."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from operator import index
from typing import TypeAlias

from vega_core.errors import ShapeError
from vega_core.nn.shapes import Shape

Sizes: TypeAlias = int | Sequence[int]


def each(value: Sizes, rank: int) -> Shape:
    """Returns one size an axis: a single number goes to all.

    Raises:
        ShapeError: There are several numbers, and not as many as axes.
    """
    if not isinstance(value, Sized):
        return (index(value),) * rank
    if len(value) != rank:
        raise ShapeError(f"{len(value)} sizes {tuple(value)} for {rank} spatial axes")
    return tuple(map(index, value))


def both_sides(padding: Sizes, rank: int) -> Shape:
    """Returns ONNX's pads (begins, ends) of one number, one an axis, or one a side.

    Raises:
        ShapeError: There are several numbers, and neither as many as axes nor as sides.
    """
    if isinstance(padding, Sized) and len(padding) == 2 * rank:
        return tuple(map(index, padding))
    return each(padding, rank) * 2
