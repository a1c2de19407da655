"""All combinations of values, without doubles that differ only in inactive parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from vega_core.errors import SpaceError
from vega_core.space.param_type import Codes, Mask
from vega_core.space.samples import Samples
from vega_core.space.structure import Structure

GRID_LIMIT = 1_000_000
COUNT_LIMIT = 100_000


def combine(
    structure: Structure, names: Iterable[str], points: int | None, limit: int
) -> Samples | None:
    """Returns the allowed combinations of some parameters' grids; None if more than ``limit``.

    Parameters are expanded one after another, parents first, and only where they are active, so
    that a space of many alternatives stays small. The last name varies fastest. Parameters left
    out keep one value.

    Args:
        structure: The space.
        names: The parameters to expand, with all their parents.
        points: Grid points of a range that can be thinned out, or None for every value.
        limit: The largest number of combinations.
    """
    codes = {
        name: kind.decode(np.full((len(kind.axes), 1), 0.5))
        for name, kind in structure.types.items()
    }
    count = 1
    for name in sorted(names, key=structure.order.index):
        kind = structure.types[name]
        active = structure.activity(codes, count)[name]
        size = kind.grid_size(points)
        on = int(active.sum())
        if on * size + count - on > limit:
            return None
        codes, count = _expand(codes, name, kind.grid(points), active)
    samples = Samples(structure, codes, count)
    return samples.take(~samples.violations())


def grid(structure: Structure, points: int) -> Samples:
    """Returns every allowed combination of the parameters' grid points.

    Raises:
        SpaceError: More than a million of them.
    """
    if points < 1:
        raise SpaceError(f"a grid needs at least one point a parameter, got points={points}")
    samples = combine(structure, structure.types, points, GRID_LIMIT)
    if samples is None:
        sizes = sorted(
            ((kind.grid_size(points), name) for name, kind in structure.types.items()), reverse=True
        )
        largest = ", ".join(f"{name} has {size:,}" for size, name in sizes[:3])
        raise SpaceError(
            f"the grid has more than {GRID_LIMIT:,} points ({largest}); "
            "take fewer points, or give parameters a smaller 'slice'"
        )
    return samples


def cardinality(structure: Structure) -> int | float:
    """Returns how many configurations there are, ``inf`` if a parameter is a real interval.

    Exact where the parameters that others depend on, or that are forbidden something, have at
    most 100,000 combinations; otherwise an upper bound that takes every parameter as active.
    """
    sizes = {name: kind.cardinality for name, kind in structure.types.items()}
    if math.inf in sizes.values():
        return math.inf
    deciding = {condition.parent for condition in structure.conditions}
    deciding |= {name for clause in structure.forbidden for name in clause}
    deciding |= _ancestors(structure, deciding)
    samples = combine(structure, deciding, None, COUNT_LIMIT)
    if samples is None:
        return math.prod(int(size) for size in sizes.values())
    free = [name for name in structure.types if name not in deciding]
    if not free:
        return samples.size
    active = np.stack([samples.active[name] for name in free])
    patterns, counts = np.unique(active, axis=1, return_counts=True)
    return sum(
        int(times)
        * math.prod(int(sizes[name]) for name, on in zip(free, column, strict=True) if on)
        for column, times in zip(patterns.T, counts, strict=True)
    )


def _expand(
    codes: dict[str, Codes],
    name: str,
    values: Codes,
    active: Mask,
) -> tuple[dict[str, Codes], int]:
    times = np.where(active, len(values), 1)
    rows = np.repeat(np.arange(len(active)), times)
    position = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
    column = codes[name][rows]
    chosen = active[rows]
    column[chosen] = values[position[chosen]]
    return {**{other: codes[other][rows] for other in codes}, name: column}, len(rows)


def _ancestors(structure: Structure, names: Iterable[str]) -> set[str]:
    found = set(names)
    for name in reversed(structure.order):
        if name in found:
            found |= {c.parent for c in structure.conditions if c.child == name}
    return found
