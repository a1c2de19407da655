"""Non-dominated ranking and crowding, over whole arrays.

All values are to be minimised. A point dominates another if it is nowhere larger and somewhere
smaller; equal points do not dominate one another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
_CHUNK: Final = 256


def non_dominated(values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Marks the points that no other point dominates.

    Args:
        values: ``(n, m)``: m objectives of n points, without NaN.

    Returns:
        ``(n,)`` mask. O(n log n) for one and two objectives, O(n * front * m) for more.
    """
    points, inverse = _distinct(values)
    mask: npt.NDArray[np.bool_] = _front(points)[inverse]
    return mask


def pareto_ranks(values: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Returns each point's non-dominated rank.

    Rank 0 is the Pareto front, rank 1 the front of what is left without it, and so on (Deb et al.,
    2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II", section III-A).

    Args:
        values: ``(n, m)``, without NaN.

    Returns:
        ``(n,)`` integers.
    """
    array = _matrix(values)
    rank = np.zeros(len(array), dtype=np.intp)
    for level, members in enumerate(fronts(array)):
        rank[members] = level
    return rank


def fronts(values: npt.ArrayLike) -> Iterator[npt.NDArray[np.intp]]:
    """Yields the indices of rank 0, then of rank 1, and so on, each front when it is asked for.

    Args:
        values: ``(n, m)``, without NaN.

    Yields:
        Indices in ascending order.
    """
    points, inverse = _distinct(values)
    order = np.argsort(inverse, kind="stable")
    ends = np.searchsorted(inverse[order], np.arange(len(points) + 1))
    left = np.arange(len(points))
    while len(left):
        mask = _front(points[left])
        found = [order[ends[point] : ends[point + 1]] for point in left[mask].tolist()]
        yield np.sort(np.concatenate(found))
        left = left[~mask]


def crowding_distance(values: npt.ArrayLike) -> Values:
    """Returns how alone each point of a front is: the mean side of the box up to its neighbours.

    Deb et al. (2002), section III-B, averaged over the objectives. The ends of each objective get
    infinity. An objective in which all points agree counts nothing. Of equal points the first has
    the distance and the others 0, so that a selection keeps one of them.

    Args:
        values: ``(n, m)``, one front, without NaN.

    Returns:
        ``(n,)`` distances in units of each objective's range, at least 0.
    """
    array = _matrix(values)
    count, objectives = array.shape
    if count <= 2:
        return np.full(count, np.inf)
    _, first = np.unique(array, axis=0, return_index=True)
    kept = np.sort(first)
    points = array[kept]
    total = np.zeros(len(kept))
    for column in points.T:
        order = np.argsort(column, kind="stable")
        ordered = column[order]
        span = ordered[-1] - ordered[0]
        if span > 0:
            gaps = np.full(len(kept), np.inf)
            gaps[1:-1] = (ordered[2:] - ordered[:-2]) / span
            total[order] += gaps
    result = np.zeros(count)
    result[kept] = total / objectives
    return result


def selection_order(values: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Returns indices from best to worst: by rank, then the less crowded, then the earlier.

    Args:
        values: ``(n, m)``, without NaN.

    Returns:
        ``(n,)`` indices (the crowded comparison of Deb et al., 2002, section III-B).
    """
    array = _matrix(values)
    ordered = [by_crowding(array, members) for members in fronts(array)]
    return np.concatenate(ordered) if ordered else np.zeros(0, dtype=np.intp)


def by_crowding(values: Values, members: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Returns a front's members, the least crowded first and of equal ones the earlier."""
    return members[np.argsort(-crowding_distance(values[members]), kind="stable")]


def _matrix(values: npt.ArrayLike) -> Values:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return array.reshape(0, 1)
    if array.ndim != 2:
        raise ValueError(f"expected an (n, m) array of objectives, got shape {array.shape}")
    if np.isnan(array).any():
        raise ValueError("NaN cannot be ranked; leave failed points out")
    return array


def _distinct(values: npt.ArrayLike) -> tuple[Values, npt.NDArray[np.intp]]:
    """Returns the distinct points in lexicographic order, and where each given point went."""
    array = _matrix(values)
    order = np.lexsort(array.T[::-1])
    ordered = array[order]
    new = np.ones(len(array), dtype=np.bool_)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    inverse = np.empty(len(array), dtype=np.intp)
    inverse[order] = np.cumsum(new) - 1
    return ordered[new], inverse


def _front(points: Values) -> npt.NDArray[np.bool_]:
    """Marks the non-dominated of distinct, sorted points; a dominator comes first."""
    count, objectives = points.shape
    mask = np.zeros(count, dtype=np.bool_)
    if not count or objectives == 1:
        mask[:1] = True
        return mask
    if objectives == 2:
        mask[0] = True
        mask[1:] = points[1:, 1] < np.minimum.accumulate(points[:, 1])[:-1]
        return mask
    for start in range(0, count, _CHUNK):
        chunk = points[start : start + _CHUNK]
        alive = ~_dominated(chunk, points[:start][mask[:start]])
        kept = np.flatnonzero(alive)
        alive[kept[_dominated(chunk[kept], chunk[kept])]] = False
        mask[start : start + _CHUNK] = alive
    return mask


def _dominated(points: Values, by: Values) -> npt.NDArray[np.bool_]:
    """Marks the points that one of ``by`` dominates; takes len(points) * len(by) bytes."""
    no_larger = np.ones((len(points), len(by)), dtype=np.bool_)
    smaller = np.zeros_like(no_larger)
    for column, other in zip(points.T, by.T, strict=True):
        no_larger &= other[None, :] <= column[:, None]
        smaller |= other[None, :] < column[:, None]
    no_larger &= smaller
    result: npt.NDArray[np.bool_] = np.any(no_larger, axis=1)
    return result
