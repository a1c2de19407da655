"""Convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.padding import padded
from vega_backend_torch.lowering.site import Lowering, Site, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def conv(op: ops.Conv, site: Site) -> str:
    """Lowers Conv; padding that differs between the sides is a node of its own."""
    rank = len(op.kernel_shape)
    x, pads = padded(site.inputs[0], op.pads, rank)
    bias = site.params.get("bias")
    options = literals(op.strides, pads, op.dilations, op.group)
    return f"torch.conv{rank}d({x}, {site.params['weight']}, {bias}, {options})"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Conv: conv,
}
