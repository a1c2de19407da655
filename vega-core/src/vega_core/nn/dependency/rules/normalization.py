"""Normalizations: a scale and a shift a channel, and statistics of one or of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vega_core.nn import ops
from vega_core.nn.dependency.rules.through import Rule
from vega_core.nn.dependency.rules.weighted import alike
from vega_core.nn.dependency.spot import Axes, Spot
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axis_of


def each(_: Primitive, spot: Spot) -> Sequence[Axes]:
    """Each channel by itself."""
    spot.fix_but(0, (1,))
    for role in spot.node.params:
        spot.parameter(role, 0, spot.inputs[0][1])
    return [spot.inputs[0]]


def grouped(op: ops.GroupNormalization, spot: Spot) -> Sequence[Axes]:
    """Groups of channels, which stay of one size."""
    alike(spot, spot.inputs[0][1], op.num_groups)
    spot.mix(spot.inputs[0][1])
    return each(op, spot)


def last_axes(op: ops.LayerNormalization, spot: Spot) -> Sequence[Axes]:
    """All elements of the last axes together."""
    first = axis_of(op.axis, spot.specs[0].shape)
    for place, ids in enumerate(spot.inputs[0][first:]):
        spot.mix(ids)
        for role in spot.node.params:
            spot.parameter(role, place, ids)
    return [spot.inputs[0]]


RULES: Final[Mapping[type[Any], Rule]] = {
    ops.BatchNormalization: each,
    ops.GroupNormalization: grouped,
    ops.InstanceNormalization: each,
    ops.LayerNormalization: last_axes,
}
