"""Drawing of samples."""

from __future__ import annotations

import numpy as np

from vega_core.errors import SpaceError
from vega_core.space.samples import Samples, concatenate
from vega_core.space.structure import Structure

SMALLEST_SHARE = 0.001
"""The share of allowed configurations below which a space counts as infeasible."""
_LEAST_DRAWS = 20_000
_BATCH = 65_536


def draw_any(structure: Structure, count: int, rng: np.random.Generator) -> Samples:
    """Returns independent samples, forbidden combinations among them."""
    # One parameter at a time: its block is still in the cache when it is decoded.
    codes = {
        name: kind.decode(rng.random((len(kind.axes), count)))
        for name, kind in structure.types.items()
    }
    return Samples(structure, codes, count)


def draw(structure: Structure, count: int, rng: np.random.Generator) -> Samples:
    """Returns independent samples of the space without its forbidden combinations.

    Whole samples are drawn until enough are allowed, so the allowed ones keep their relative
    probabilities.

    Raises:
        SpaceError: Too small a share of the draws was allowed.
    """
    first = draw_any(structure, count, rng)
    if not structure.forbidden:
        return first
    parts = [first.take(~first.violations())]
    found, drawn = parts[0].size, count
    while found < count:
        if drawn >= _LEAST_DRAWS and found < SMALLEST_SHARE * drawn:
            raise _infeasible(found, drawn)
        share = max(found / drawn, SMALLEST_SHARE)
        batch = min(int((count - found) / share) + 1, _BATCH)
        more = draw_any(structure, batch, rng)
        parts.append(more.take(~more.violations()))
        found, drawn = found + parts[-1].size, drawn + batch
    return concatenate(parts).take(np.arange(count))


def _infeasible(found: int, drawn: int) -> SpaceError:
    return SpaceError(
        f"only {found} of {drawn} random configurations are allowed by 'forbidden'; "
        "narrow the ranges, or express the rule with conditions",
        ("forbidden",),
    )
