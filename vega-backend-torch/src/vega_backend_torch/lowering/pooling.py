"""Pooling over windows of one size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.padding import padded
from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def max_pool(op: ops.MaxPool, site: Site) -> str:
    """Lowers MaxPool; what pads never wins."""
    rank = len(op.kernel_shape)
    x, pads = padded(site.inputs[0], op.pads, rank, -math.inf)
    options = literals(op.kernel_shape, op.strides, pads, op.dilations, op.ceil_mode)
    return f"F.max_pool{rank}d({x}, {options}){_cut(op, site)}"


def average_pool(op: ops.AveragePool, site: Site) -> str:
    """Lowers AveragePool; with unequal pads, as the mean over that of ones."""
    rank = len(op.kernel_shape)
    x = site.inputs[0]
    if op.pads[:rank] == op.pads[rank:]:
        options = literals(op.kernel_shape, op.strides, op.pads[:rank], op.ceil_mode)
        return f"F.avg_pool{rank}d({x}, {options}, {literal(op.count_include_pad)})"
    filled, _ = padded(x, op.pads, rank)
    ones, _ = padded(f"torch.ones_like({x}[:1, :1])", op.pads, rank, float(op.count_include_pad))
    # Cut before the division: windows beyond the size would be 0 / 0, their gradients NaN.
    options, cut = literals(op.kernel_shape, op.strides, 0, op.ceil_mode), _cut(op, site)
    sums, counts = (f"F.avg_pool{rank}d({part}, {options}){cut}" for part in (filled, ones))
    return f"{sums} / {counts}"


def _cut(op: ops.MaxPool | ops.AveragePool, site: Site) -> str:
    """Returns the index that takes off windows which begin in what was padded by hand.

    With ``ceil_mode`` PyTorch leaves out those that begin in its own padding; it cannot know ours.
    """
    rank = len(op.kernel_shape)
    if not op.ceil_mode or op.pads[:rank] == op.pads[rank:]:
        return ""
    (result,) = op.infer(site.specs[0])
    return f"[:, :, {', '.join(f':{literal(size)}' for size in result.shape[2:])}]"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.AveragePool: average_pool,
    ops.MaxPool: max_pool,
}
