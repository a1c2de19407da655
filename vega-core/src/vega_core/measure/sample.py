"""Inputs to measure with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vega_core.arrays import Array
from vega_core.nn import TensorSpec


def sample(
    specs: Mapping[str, TensorSpec], batch: int, bounds: Mapping[str, int | None] | None = None
) -> dict[str, Array]:
    """Returns a batch drawn by chance, the same each time: normal floats, and small integers.

    Args:
        specs: Inputs by name.
        batch: How many samples.
        bounds: For integers by input name, what they stay below; 2 where it is not said.
    """
    rng = np.random.default_rng(0)
    found: dict[str, Array] = {}
    for name, spec in specs.items():
        shape = [size if size >= 0 else -size * batch for size in spec.shape]
        if np.dtype(spec.dtype).kind == "f":
            found[name] = rng.standard_normal(shape).astype(spec.dtype)
        else:
            top = (bounds or {}).get(name) or 2
            found[name] = rng.integers(0, top, shape).astype(spec.dtype)
    return found
