"""Operators that multiply channels with weights and add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from vega_core.nn import ops
from vega_core.nn.dependency.rules.elementwise import meeting
from vega_core.nn.dependency.rules.through import Rule
from vega_core.nn.dependency.spot import Axes, Axis, Spot


def conv(op: ops.Conv, spot: Spot) -> Sequence[Axes]:
    """Takes channels and makes channels; one group a channel ties those that belong together.

    Of other groups the same place is taken from each, so that they stay of one size.
    """
    ids, weights = _taken(op.group, spot), _Weights(spot)
    if 1 < op.group == spot.specs[0].shape[1]:
        made = None if ids is None else np.repeat(ids, op.out_channels // op.group)
        weights.say(0, made)
    else:
        weights.take(1, ids if ids is None else ids[: len(ids) // op.group])
        made = weights.make(0, op.out_channels)
        alike(spot, made, op.group)
    return [_result(spot, made)]


def conv_transpose(op: ops.ConvTranspose, spot: Spot) -> Sequence[Axes]:
    """As a convolution; its weight is laid out (in, out / group)."""
    ids, weights = _taken(op.group, spot), _Weights(spot)
    each = op.out_channels // op.group
    if 1 < op.group == spot.specs[0].shape[1]:
        made = None if ids is None else np.repeat(ids, each)
        weights.say(0, ids)
    else:
        weights.take(0, ids)
        part = weights.make(1, each)
        made = None if part is None else np.tile(part, op.group)
    return [_result(spot, made)]


def gemm(op: ops.Gemm, spot: Spot) -> Sequence[Axes]:
    """Takes features and makes features."""
    spot.fix_but(0, (1,))
    weights = _Weights(spot)
    weights.take(1, spot.inputs[0][1])
    made = weights.make(0, op.out_features)
    spot.parameter("bias", 0, made)
    return [(None, made)]


def matmul(_: ops.MatMul, spot: Spot) -> Sequence[Axes]:
    """The rows of one with the columns of the other; those before them meet."""
    a, b = spot.inputs
    if min(len(a), len(b)) < 2:
        for place in (0, 1):
            spot.fix_but(place, ())
        return [(None,) * len(spot.results[0].shape)]
    spot.sum(spot.tie(a[-1], b[-2]))
    return [(*meeting(spot, (0, 1))[:-2], a[-2], b[-1])]


def alike(spot: Spot, ids: Axis, groups: int) -> None:
    """Ties the same place of each of some groups."""
    if ids is not None and groups > 1:
        rows = ids.reshape(groups, -1)
        spot.labels.join(rows, rows[0])


def _taken(groups: int, spot: Spot) -> Axis:
    """Returns the channels that a convolution takes, those of its groups tied."""
    spot.fix_but(0, (1,))
    ids = spot.inputs[0][1]
    if 1 < groups < spot.specs[0].shape[1]:
        alike(spot, ids, groups)
    return ids


def _result(spot: Spot, made: Axis) -> Axes:
    spot.parameter("bias", 0, made)
    return (None, made, *(None,) * (len(spot.results[0].shape) - 2))


class _Weights:
    """The weight of a node: its parameter, or its second input."""

    def __init__(self, spot: Spot) -> None:
        self._spot = spot
        self._axes: Axes | None = spot.inputs[1] if len(spot.inputs) > 1 else None
        if self._axes is not None:
            spot.fix_but(1, (0, 1))

    def say(self, axis: int, ids: Axis) -> None:
        """Says what an axis has."""
        if self._axes is None:
            self._spot.parameter("weight", axis, ids)
        else:
            self._spot.tie(self._axes[axis], ids)

    def take(self, axis: int, ids: Axis) -> None:
        """Says which channels an axis is multiplied with."""
        if self._axes is None:
            self._spot.parameter("weight", axis, ids, takes=True)
        else:
            self._spot.sum(self._spot.tie(self._axes[axis], ids))

    def make(self, axis: int, count: int) -> Axis:
        """Returns the channels that an axis makes."""
        if self._axes is not None:
            return self._axes[axis]
        made = self._spot.made("weight", axis, count)
        self._spot.parameter("weight", axis, made)
        return made


RULES: Final[Mapping[type[Any], Rule]] = {
    ops.Conv: conv,
    ops.ConvTranspose: conv_transpose,
    ops.Gemm: gemm,
    ops.MatMul: matmul,
}
