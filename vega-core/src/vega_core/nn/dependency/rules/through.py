"""Operators that keep the channels, one by one, on axis 1; and those that nothing is known of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from vega_core.nn.channels import flow
from vega_core.nn.dependency.spot import Axes, Axis, Spot
from vega_core.nn.primitive import Primitive

Rule: TypeAlias = Callable[[Any, Spot], Sequence[Axes]]
"""Returns the axes of each output."""


def through(op: Primitive, spot: Spot) -> Sequence[Axes]:
    """Passes on what `flow` says goes through, and fixes everything else."""
    passed: set[int] = set()
    found = []
    for result in spot.results:
        axes: list[Axis] = [None] * len(result.shape)
        if len(axes) > 1:
            said = flow(op, spot.specs, result)
            known = said.through and all(len(spot.specs[p].shape) > 1 for p in said.through)
            if known and not said.stops and not said.makes:
                first, *others = said.through
                axes[1] = spot.inputs[first][1]
                for place in others:
                    axes[1] = spot.tie(axes[1], spot.inputs[place][1])
                passed.update(said.through)
        found.append(tuple(axes))
    for place in range(len(spot.specs)):
        spot.fix_but(place, (1,) if place in passed else ())
    return found
