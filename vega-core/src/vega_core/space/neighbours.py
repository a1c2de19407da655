"""Configurations near another one."""

from __future__ import annotations

import numpy as np

from vega_core.space.samples import Samples, concatenate
from vega_core.space.sampling import draw_any

_ROUNDS = 50


def near(sample: Samples, count: int, rng: np.random.Generator) -> Samples | None:
    """Returns up to ``count`` allowed neighbours of the one configuration in ``sample``.

    In each, one active parameter, any with the same probability, is moved a little (see
    ``ParamType.step``). Parameters that this activates are drawn anew; the rest stays. Fewer come
    back only where nearly all neighbours are forbidden, and None where there are none.
    """
    structure = sample.structure
    movable = [
        name
        for name, kind in structure.types.items()
        if sample.active[name][0] and kind.cardinality > 1
    ]
    parts: list[Samples] = []
    found = 0
    for _ in range(_ROUNDS if movable else 0):
        moved = _moved(sample, movable, count - found, rng)
        parts.append(moved.take(~moved.violations()))
        found += parts[-1].size
        if found >= count:
            break
    return concatenate(parts) if found else None


def _moved(sample: Samples, movable: list[str], count: int, rng: np.random.Generator) -> Samples:
    structure = sample.structure
    codes = dict(draw_any(structure, count, rng).codes)
    chosen = rng.integers(len(movable), size=count)
    for name in structure.types:
        if sample.active[name][0]:
            codes[name] = np.repeat(sample.codes[name], count, axis=0)
    for which, name in enumerate(movable):
        rows = chosen == which
        if rows.any():
            codes[name][rows] = structure.types[name].step(codes[name][rows], rng)
    return Samples(structure, codes, count)
