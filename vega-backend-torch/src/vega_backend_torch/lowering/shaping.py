"""Operators that move elements and change shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.padding import pad_expression
from vega_backend_torch.lowering.site import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def flatten(op: ops.Flatten, site: Site) -> str:
    """Lowers Flatten."""
    x, rank = site.inputs[0], len(site.specs[0].shape)
    if op.axis == 0:
        return f"{x}.reshape(1, -1)"
    if op.axis == rank:
        return f"{x}.reshape(-1, 1)"
    head = x if op.axis == 1 else f"{x}.flatten(0, {literal(op.axis - 1)})"
    return f"{head}.flatten(1)"


def reshape(op: ops.Reshape, site: Site) -> str:
    """Lowers Reshape; a copied dimension is read from the array."""
    x = site.inputs[0]
    sizes = ", ".join(f"{x}.shape[{i}]" if d == 0 else literal(d) for i, d in enumerate(op.shape))
    return f"{x}.reshape(({sizes},))"


def concat(op: ops.Concat, site: Site) -> str:
    """Lowers Concat."""
    return f"torch.cat(({', '.join(site.inputs)},), {literal(op.axis)})"


def pad(op: ops.Pad, site: Site) -> str:
    """Lowers Pad."""
    return pad_expression(site.inputs[0], op.pads, len(op.pads) // 2, op.value)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Concat: concat,
    ops.Flatten: flatten,
    ops.Pad: pad,
    ops.Reshape: reshape,
}
