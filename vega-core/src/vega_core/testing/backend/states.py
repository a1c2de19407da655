"""Comparisons of what a store holds."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from vega_core.backend import Params, State
from vega_core.testing.compare import check_same_bytes, require


def check_same_state(actual: State, expected: State, where: str) -> None:
    """Checks that two states are equal to the last bit, the position too."""
    check_same_bytes(actual.parameters, expected.parameters, where)
    check_same_bytes(actual.slots, expected.slots, f"{where}, slots")
    require(
        actual.position == expected.position,
        f"{where}: the position is {actual.position} instead of {expected.position}",
    )


def check_kept(after: State, before: State, names: Collection[str], where: str) -> None:
    """Checks that parameters and their slots have the bytes that they had."""
    parts = ((after.parameters, before.parameters), (after.slots, before.slots))
    for now, then in parts:
        kept = [key for key in then if key in names or key.rpartition("/")[0] in names]
        check_same_bytes({k: now[k] for k in kept}, {k: then[k] for k in kept}, where)


def check_moved(after: State, before: Params, *names: str) -> None:
    """Checks that parameters have changed, so that others that have not say something."""
    still = [name for name in names if np.array_equal(after.parameters[name], before[name])]
    require(not still, f"{still} did not move, so nothing is compared")
