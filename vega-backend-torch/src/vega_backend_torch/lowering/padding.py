"""Padding, which convolutions and pooling share."""

from __future__ import annotations

from collections.abc import Sequence

from vega_backend_torch.lowering.site import literal


def padded(
    x: str, pads: Sequence[int], rank: int, value: float = 0.0
) -> tuple[str, tuple[int, ...]]:
    """Returns the expression to pool or convolve over, and the padding left to do there."""
    if tuple(pads[:rank]) == tuple(pads[rank:]):
        return x, tuple(pads[:rank])
    return pad_expression(x, pads, rank, value), (0,) * rank


def pad_expression(x: str, pads: Sequence[int], rank: int, value: float) -> str:
    """Returns the padded expression; PyTorch lists the last axis first."""
    sides = tuple(p for axis in reversed(range(rank)) for p in (pads[axis], pads[axis + rank]))
    return f"F.pad({x}, {literal(sides)}, value={literal(value)})"
