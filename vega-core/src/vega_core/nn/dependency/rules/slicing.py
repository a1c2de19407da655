"""Operators that join arrays, take them apart, and put something around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from vega_core.nn import ops
from vega_core.nn.dependency.rules.through import Rule
from vega_core.nn.dependency.spot import Axes, Axis, Spot
from vega_core.nn.ops.slicing import bounds
from vega_core.nn.shapes import axis_of


def concat(op: ops.Concat, spot: Spot) -> Sequence[Axes]:
    """One after another along one axis; along the others they meet."""
    joined = axis_of(op.axis, spot.specs[0].shape)
    found: list[Axis] = []
    for axis in range(len(spot.specs[0].shape)):
        parts = [axes[axis] for axes in spot.inputs]
        if axis == joined:
            found.append(_one_after_another(spot, parts, axis))
            continue
        ids = parts[0]
        for other in parts[1:]:
            ids = spot.tie(ids, other)
        found.append(ids)
    return [tuple(found)]


def _one_after_another(spot: Spot, parts: Sequence[Axis], axis: int) -> Axis:
    if all(ids is None for ids in parts):
        return None
    whole = []
    for spec, ids in zip(spot.specs, parts, strict=True):
        if ids is None:  # they stay, beside others that may go
            ids = spot.labels.fresh(spec.shape[axis])
            spot.fix(ids, f"stay where they enter {spot.title}")
        whole.append(ids)
    return np.concatenate(whole)


def split(op: ops.Split, spot: Spot) -> Sequence[Axes]:
    """Parts along one axis."""
    cut = axis_of(op.axis, spot.specs[0].shape)
    axes, ends = spot.inputs[0], np.cumsum(op.sizes)
    ids = axes[cut]
    parts = [None] * len(op.sizes) if ids is None else np.split(ids, ends[:-1])
    return [(*axes[:cut], part, *axes[cut + 1 :]) for part in parts]


def sliced(op: ops.Slice, spot: Spot) -> Sequence[Axes]:
    """One part along each of some axes; one with gaps fixes the axis."""
    axes = list(spot.inputs[0])
    for start, end, axis, step in zip(op.starts, op.ends, op.axes, op.steps, strict=True):
        place = axis_of(axis, spot.specs[0].shape)
        ids = axes[place]
        if ids is None:
            continue
        if step != 1:
            spot.fix(ids)
            axes[place] = None
            continue
        first, count = bounds(start, end, step, len(ids))
        axes[place] = ids[first : first + count]
    return [tuple(axes)]


def padded(op: ops.Pad, spot: Spot) -> Sequence[Axes]:
    """More of one value around each axis, which can be left out with what it meets."""
    axes, rank = list(spot.inputs[0]), len(spot.specs[0].shape)
    for axis, ids in enumerate(axes):
        before, after = op.pads[axis], op.pads[axis + rank]
        if not before and not after:
            continue
        if op.mode != "constant":
            spot.fix(ids)
            axes[axis] = None
            continue
        if ids is None:
            if axis != 1:
                continue
            ids = spot.labels.fresh(spot.specs[0].shape[axis])
            spot.fix(ids, f"stay where they enter {spot.title}")
        around = [spot.labels.fresh(count) for count in (before, after)]
        axes[axis] = np.concatenate([around[0], ids, around[1]])
    return [tuple(axes)]


RULES: Final[Mapping[type[Any], Rule]] = {
    ops.Concat: concat,
    ops.Pad: padded,
    ops.Slice: sliced,
    ops.Split: split,
}
