"""Operators on elements: channels meet those at the same place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vega_core.nn import ops
from vega_core.nn.dependency.rules.through import Rule
from vega_core.nn.dependency.spot import Axes, Axis, Spot
from vega_core.nn.ops.elementwise import Binary, Unary
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axis_of


def kept(_: Primitive, spot: Spot) -> Sequence[Axes]:
    """The first input, element by element."""
    return [spot.inputs[0]]


def met(_: Primitive, spot: Spot) -> Sequence[Axes]:
    """Inputs that broadcast."""
    return [meeting(spot, range(len(spot.specs)))]


def chosen(_: ops.Choice, spot: Spot) -> Sequence[Axes]:
    """All inputs but the first, which chooses."""
    return [meeting(spot, range(1, len(spot.specs)))]


def shared_out(op: ops.Softmax | ops.LogSoftmax, spot: Spot) -> Sequence[Axes]:
    """Elements along one axis that depend on one another."""
    spot.mix(spot.inputs[0][axis_of(op.axis, spot.specs[0].shape)])
    return [spot.inputs[0]]


def summed_up(op: ops.CumSum, spot: Spot) -> Sequence[Axes]:
    """Each element and those before it."""
    spot.sum(spot.inputs[0][axis_of(op.axis, spot.specs[0].shape)])
    return [spot.inputs[0]]


def leaky(op: ops.PRelu, spot: Spot) -> Sequence[Axes]:
    """A weight a channel, or one for all."""
    if not op.shared:
        spot.parameter("weight", 0, spot.inputs[0][1])
    return [spot.inputs[0]]


def meeting(spot: Spot, places: Sequence[int]) -> Axes:
    """Returns the axes of inputs that broadcast: what is of size 1 there says nothing."""
    shape = spot.results[0].shape
    found: list[Axis] = []
    for axis, size in enumerate(shape):
        ids: list[Axis] = []
        for place in places:
            own = axis - len(shape) + len(spot.specs[place].shape)
            if own >= 0 and spot.specs[place].shape[own] == size:
                ids.append(spot.inputs[place][own])
        joined = ids[0] if ids else None
        for other in ids[1:]:
            joined = spot.tie(joined, other)
        found.append(joined)
    return tuple(found)


RULES: Final[Mapping[type[Any], Rule]] = {
    Unary: kept,
    Binary: met,
    ops.ByMode: met,
    ops.Cast: kept,
    ops.Choice: chosen,
    ops.CumSum: summed_up,
    ops.Dropout: kept,
    ops.LogSoftmax: shared_out,
    ops.PRelu: leaky,
    ops.Softmax: shared_out,
    ops.StopGradient: kept,
    ops.Where: met,
}
