"""Padding, which convolutions and pooling share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import torch

from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive

_NAMES: Final = {"reflect": "reflect", "edge": "replicate"}


def padded(
    x: str, pads: Sequence[int], rank: int, value: float = 0.0
) -> tuple[str, tuple[int, ...]]:
    """Returns the expression to pool or convolve over, and the padding left to do there."""
    if tuple(pads[:rank]) == tuple(pads[rank:]):
        return x, tuple(pads[:rank])
    return f"F.pad({x}, {_sides(pads, rank)}, value={literal(value)})", (0,) * rank


def pad(op: ops.Pad, site: Site) -> str:
    """Lowers Pad; PyTorch copies only along the spatial axes, and only floats."""
    x, spec = site.inputs[0], site.specs[0]
    rank = len(spec.shape)
    if op.mode == "constant":
        return f"F.pad({x}, {_sides(op.pads, rank)}, value={literal(op.value)})"
    sides = [(op.pads[axis], op.pads[axis + rank]) for axis in range(rank)]
    if spec.dtype.startswith("float") and 3 <= rank <= 5 and not any(map(any, sides[:2])):
        spatial = op.pads[2:rank] + op.pads[rank + 2 :]
        return f"F.pad({x}, {_sides(spatial, rank - 2)}, mode={literal(_NAMES[op.mode])})"
    for axis, side in enumerate(sides):
        if any(side):
            x = f"extended({x}, {literals(axis, *side, op.mode)})"
    return x


def extended(x: torch.Tensor, axis: int, before: int, after: int, mode: str) -> torch.Tensor:
    """Returns an array made longer along one axis by what lies at its ends; see `ops.Pad`."""
    size = x.shape[axis]
    if mode == "edge":
        places = torch.arange(-before, size + after, device=x.device).clamp(0, size - 1)
    else:
        places = torch.arange(-before, size + after, device=x.device).abs()
        places = (size - 1) - (size - 1 - places).abs()
    return x.index_select(axis, places)


def _sides(pads: Sequence[int], rank: int) -> str:
    """Returns the pads as PyTorch lists them, the last axis first."""
    return literal(
        tuple(p for axis in reversed(range(rank)) for p in (pads[axis], pads[axis + rank]))
    )


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Pad: pad,
}
