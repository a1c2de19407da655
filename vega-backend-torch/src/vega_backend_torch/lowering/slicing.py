"""Operators that join arrays along an axis, and take them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import torch

from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.ops.slicing import bounds
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axes_of, axis_of


def concat(op: ops.Concat, site: Site) -> str:
    """Lowers Concat."""
    return f"torch.cat(({', '.join(site.inputs)},), {literal(op.axis)})"


def split(op: ops.Split, site: Site) -> str:
    """Lowers Split."""
    x = site.inputs[0]
    if len(op.sizes) == 1:
        return x
    sizes, axis = literal(tuple(map(abs, op.sizes))), literal(op.axis)
    of_batch = site.specs[0].shape[axis_of(op.axis, site.specs[0].shape)] < 0
    return f"{'shares' if of_batch else 'torch.split'}({x}, {sizes}, {axis})"


def shares(x: torch.Tensor, sizes: Sequence[int], axis: int) -> tuple[torch.Tensor, ...]:
    """Returns parts of an axis of the batch, whose sizes are multiples of the batch size."""
    size = x.shape[axis] // sum(sizes)
    parts: tuple[torch.Tensor, ...] = torch.split(x, [part * size for part in sizes], axis)
    return parts


def slicing(op: ops.Slice, site: Site) -> str:
    """Lowers Slice; PyTorch steps forwards only, so that backwards is forwards and turned."""
    x, shape = site.inputs[0], site.specs[0].shape
    parts, turned = [":"] * len(shape), []
    for place, axis in enumerate(axes_of(op.axes, shape)):
        step = op.steps[place]
        if step < 0:
            turned.append(axis)
        if shape[axis] < 0:
            continue
        first, count = bounds(op.starts[place], op.ends[place], step, shape[axis])
        last = first + step * (count - 1)
        parts[axis] = ":".join(map(literal, (min(first, last), max(first, last) + 1, abs(step))))
    flipped = f".flip({literals(*turned)})" if turned else ""
    return f"{x}[{', '.join(parts)}]{flipped}" if parts else x


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Concat: concat,
    ops.Slice: slicing,
    ops.Split: split,
}
