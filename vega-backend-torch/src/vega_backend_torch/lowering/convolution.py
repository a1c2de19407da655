"""Convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.padding import padded
from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def conv(op: ops.Conv, site: Site) -> str:
    """Lowers Conv; padding that differs between the sides is a node of its own."""
    rank = len(op.kernel_shape)
    x, pads = padded(site.inputs[0], op.pads, rank)
    bias = site.params.get("bias")
    options = literals(op.strides, pads, op.dilations, op.group)
    return f"torch.conv{rank}d({x}, {site.weight}, {bias}, {options})"


def conv_transpose(op: ops.ConvTranspose, site: Site) -> str:
    """Lowers ConvTranspose; what pads cut from one side more than from the other is cut after."""
    rank = len(op.kernel_shape)
    begins, ends = op.pads[:rank], op.pads[rank:]
    pads = tuple(map(min, begins, ends))
    options = literals(op.strides, pads, op.output_padding, op.group, op.dilations)
    arguments = f"{site.inputs[0]}, {site.weight}, {site.params.get('bias')}, {options}"
    y = f"torch.conv_transpose{rank}d({arguments})"
    if begins == ends:
        return y
    (result,) = op.infer(*site.specs)
    firsts = [begin - pad for begin, pad in zip(begins, pads, strict=True)]
    cuts = zip(firsts, result.shape[2:], strict=True)
    kept = [f"{literal(first)}:{literal(first + size)}" for first, size in cuts]
    return f"{y}[:, :, {', '.join(kept)}]"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Conv: conv,
    ops.ConvTranspose: conv_transpose,
}
