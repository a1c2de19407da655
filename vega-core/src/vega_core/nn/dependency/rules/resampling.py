"""Operators that deal channels out anew, or make them of pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from vega_core.nn import ops
from vega_core.nn.dependency.rules.through import Rule
from vega_core.nn.dependency.rules.weighted import alike
from vega_core.nn.dependency.spot import Axes, Spot


def shuffled(op: ops.ChannelShuffle, spot: Spot) -> Sequence[Axes]:
    """One of each group in turn; the same place of each group goes together."""
    first, ids, *others = spot.inputs[0]
    alike(spot, ids, op.groups)
    dealt = None if ids is None else ids.reshape(op.groups, -1).T.ravel()
    return [(first, dealt, *others)]


def to_space(op: ops.DepthToSpace, spot: Spot) -> Sequence[Axes]:
    """Several channels become one."""
    spot.fix_but(0, (1,))
    ids = spot.inputs[0][1]
    if ids is not None:
        squares = ids.reshape(-1, op.blocksize**2)
        spot.labels.join(squares, squares[:, :1])
        ids = squares[:, 0]
    return [(None, ids, None, None)]


def to_depth(op: ops.SpaceToDepth, spot: Spot) -> Sequence[Axes]:
    """A channel becomes several."""
    spot.fix_but(0, (1,))
    ids = spot.inputs[0][1]
    return [(None, None if ids is None else np.repeat(ids, op.blocksize**2), None, None)]


RULES: Final[Mapping[type[Any], Rule]] = {
    ops.ChannelShuffle: shuffled,
    ops.DepthToSpace: to_space,
    ops.SpaceToDepth: to_depth,
}
