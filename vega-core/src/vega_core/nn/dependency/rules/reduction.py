"""Reductions along axes that may hold channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vega_core.nn import ops
from vega_core.nn.dependency.rules.through import Rule
from vega_core.nn.dependency.spot import Axes, Axis, Spot
from vega_core.nn.ops.reduction import Reduction

ADDING: Final = (ops.ReduceSum, ops.ReduceL2)
"""Reductions that zeros change nothing of."""


def reduced(op: Reduction, spot: Spot) -> Sequence[Axes]:
    """What is left of a reduced axis has no channels."""
    places = op.places(spot.specs[0].shape)
    axes: list[Axis] = []
    for axis, ids in enumerate(spot.inputs[0]):
        if axis not in places:
            axes.append(ids)
            continue
        if isinstance(op, ADDING):
            spot.sum(ids)
        else:
            spot.mix(ids)
        if op.keepdims:
            axes.append(None)
    return [tuple(axes)]


RULES: Final[Mapping[type[Any], Rule]] = {Reduction: reduced}
