"""Small operators on the unit interval that several parameter types share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vega_core.space.param_type import Units

STEP = 0.1
"""Standard deviation of a small move, as a share of the range."""

BELOW_ONE = float(np.nextafter(1.0, 0.0))


def cells(units: Units, count: int, dtype: Any = np.int64) -> NDArray[Any]:
    """Returns which of ``count`` equal cells of ``[0, 1)`` each unit lies in; scales in place."""
    units *= count
    index: NDArray[np.int64] = units.astype(dtype)
    return index


def centres(index: NDArray[Any], count: Any) -> Units:
    """Returns the middles of cells."""
    middle: Units = np.add(index, 0.5, dtype=np.float64) / count
    return middle


def bounded(values: NDArray[Any], low: Any, high: Any) -> NDArray[Any]:
    """Brings values inside ``[low, high]``, in place, and returns them."""
    np.maximum(values, low, out=values)
    np.minimum(values, high, out=values)
    return values


def wander(units: Units, rng: np.random.Generator) -> Units:
    """Returns units moved by a normal step, reflected at the ends of ``[0, 1)``."""
    moved = np.abs(units + rng.normal(0.0, STEP, units.shape))
    return np.clip(np.where(moved > 1.0, 2.0 - moved, moved), 0.0, BELOW_ONE)


def shift(
    index: NDArray[np.int64], count: Any, distance: NDArray[Any], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Returns indices moved by at least one, up or down, inside ``0 .. count - 1``.

    A move that an end of the range swallows whole is made the other way. Only a range of one
    leaves an index where it is.
    """
    distance = np.maximum(1, distance).astype(np.int64)
    distance = np.where(rng.random(index.shape) < 0.5, -distance, distance)
    there, back = (bounded(index + way, 0, count - 1) for way in (distance, -distance))
    return np.where(there == index, back, there)


def another(index: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Returns for each index another one of ``count``, all of them equally likely."""
    if count == 1:
        return index
    other: NDArray[np.int64] = (rng.integers(1, count, index.shape) + index) % count
    return other
