"""The unit cube: samples to places and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vega_core.errors import SpaceError
from vega_core.space.param_type import Kind, Mask
from vega_core.space.samples import Samples, concatenate
from vega_core.space.sampling import draw
from vega_core.space.structure import Structure
from vega_core.space.units import BELOW_ONE, bounded

INACTIVE = 0.5
"""The place of an inactive parameter, which the mask tells from a real one."""
_TRIES = 200


@dataclass(frozen=True)
class Dimension:
    """One column of the encoding.

    Attributes:
        name: The parameter that it belongs to; a list takes several columns.
        kind: ``continuous``; ``integer``: ordered cells, of unequal width for ``INT_EXP``;
            ``categorical``: ``choices`` cells of equal width whose order means nothing.
        choices: The number of cells, 0 if continuous.
    """

    name: str
    kind: Kind
    choices: int = 0


def dimensions(structure: Structure) -> tuple[Dimension, ...]:
    """Returns what each column of the encoding is."""
    return tuple(
        Dimension(name, axis.kind, axis.choices)
        for name, kind in structure.types.items()
        for axis in kind.axes
    )


def to_cube(samples: Samples) -> tuple[NDArray[np.float64], Mask]:
    """Returns places ``(n, d)`` in ``[0, 1]`` and a mask ``(n, d)`` of the active axes."""
    structure = samples.structure
    places = np.empty((structure.width, samples.size))
    mask = np.empty((structure.width, samples.size), dtype=np.bool_)
    for name, kind in structure.types.items():
        rows, active = structure.places[name], samples.active[name]
        places[rows] = np.where(active, kind.encode(samples.codes[name]), INACTIVE)
        mask[rows] = active
    return np.ascontiguousarray(places.T), np.ascontiguousarray(mask.T)


def from_cube(structure: Structure, places: ArrayLike) -> Samples:
    """Returns the samples at places ``(n, d)``; every place has one.

    Coordinates outside ``[0, 1]`` count as the nearer end. A place whose configuration is
    forbidden stands for an allowed one nearby: the parameters of the combination are moved in
    small steps, which depend on nothing but the configuration, until it is allowed.

    Raises:
        SpaceError: Another shape, a number that is not finite, or an infeasible space.
    """
    array = np.asarray(places, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != structure.width:
        raise SpaceError(f"places have shape {array.shape}, not (n, {structure.width})")
    if not np.isfinite(array).all():
        raise SpaceError("places have coordinates that are not finite")
    units = np.array(array.T, order="C")
    bounded(units, 0.0, BELOW_ONE)
    codes = {
        name: kind.decode(units[structure.places[name]]) for name, kind in structure.types.items()
    }
    samples = Samples(structure, codes, len(array))
    bad = samples.violations()
    return _repaired(samples, bad) if bad.any() else samples


def _repaired(samples: Samples, bad: Mask) -> Samples:
    good = samples.take(~bad)
    mended = [_allowed_near(samples.take(np.array([row]))) for row in np.flatnonzero(bad)]
    back = np.argsort(np.concatenate([np.flatnonzero(~bad), np.flatnonzero(bad)]))
    return concatenate([good, *mended]).take(back)


def _allowed_near(sample: Samples) -> Samples:
    structure = sample.structure
    rng = np.random.default_rng(0)
    named = {name for clause in structure.forbidden for name in clause}
    movable = [name for name in structure.types if name in named]
    for attempt in range(_TRIES):
        name = movable[attempt % len(movable)]
        codes = dict(sample.codes)
        codes[name] = structure.types[name].step(codes[name], rng)
        moved = Samples(structure, codes, 1)
        if not moved.violations()[0]:
            return moved
        if attempt >= 4 * len(movable):
            sample = moved
    return draw(structure, 1, rng)
