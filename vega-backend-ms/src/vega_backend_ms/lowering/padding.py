"""Padding, which pooling and transposed convolutions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from vega_backend_ms.lowering.types import scalar
from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def padded(x: str, pads: Sequence[int], value: str = "0.0") -> str:
    """Returns an array with a number around it.

    Args:
        x: The array.
        pads: Elements added before each of the last axes, and then after each.
        value: The number.
    """
    if not any(pads):
        return x
    rank = len(pads) // 2
    sides = tuple(p for axis in reversed(range(rank)) for p in (pads[axis], pads[axis + rank]))
    return f'ops.pad({x}, {literal(sides)}, "constant", {value})'


def pad(op: ops.Pad, site: Site) -> str:
    """Lowers Pad; what lies at the ends of an array is picked by number."""
    (x,), (spec,) = site.inputs, site.specs
    rank = len(spec.shape)
    if op.mode == "constant":
        value = np.asarray(op.value, spec.dtype).item()
        return padded(x, op.pads, scalar(value, spec.dtype))
    for axis, size in enumerate(spec.shape):
        before, after = op.pads[axis], op.pads[axis + rank]
        if before or after:
            places = tuple(_inside(i, size, op.mode) for i in range(-before, size + after))
            x = f"picked({x}, {literals(axis, places)})"
    return x


def _inside(place: int, size: int, mode: str) -> int:
    """Returns the element that lies at a place, which may be outside."""
    if mode == "edge":
        return min(max(place, 0), size - 1)
    return size - 1 - abs(size - 1 - abs(place))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Pad: pad,
}
