"""Pooling over windows of one size.

What overhangs the end is written as padding: runtimes and versions of ONNX differ on ``ceil_mode``.
"""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, Site
from vega_core.nn import ops
from vega_core.nn.shapes import Shape


def max_pool(op: ops.MaxPool, site: Site) -> None:
    """Writes MaxPool."""
    site.result(
        "MaxPool",
        *site.inputs,
        kernel_shape=op.kernel_shape,
        strides=op.strides,
        pads=_pads(op, site, op.dilations),
        dilations=op.dilations,
    )


def average_pool(op: ops.AveragePool, site: Site) -> None:
    """Writes AveragePool; padding that counts is zeros of its own where a window overhangs."""
    (x,), rank = site.inputs, len(op.kernel_shape)
    pads, counted = _pads(op, site, (1,) * rank), op.count_include_pad
    if counted and pads != op.pads:
        around = (0, 0, *op.pads[:rank], 0, 0, *op.pads[rank:])
        x = site.emit("Pad", x, site.whole(around), site.constant(0, site.specs[0].dtype))
        pads, counted = tuple(a - b for a, b in zip(pads, op.pads, strict=True)), False
    site.result(
        "AveragePool",
        x,
        kernel_shape=op.kernel_shape,
        strides=op.strides,
        pads=pads,
        count_include_pad=counted,
    )


def _pads(op: ops.MaxPool | ops.AveragePool, site: Site, dilations: Shape) -> Shape:
    """Returns the pads, longer at the ends by what the last windows overhang."""
    rank = len(op.kernel_shape)
    ends = []
    for axis in range(rank):
        old, count = site.specs[0].shape[2 + axis], site.results[0].shape[2 + axis]
        reach = (count - 1) * op.strides[axis] + dilations[axis] * (op.kernel_shape[axis] - 1) + 1
        ends.append(max(op.pads[rank + axis], reach - old - op.pads[axis]))
    return (*op.pads[:rank], *ends)


FORMS: Final[Forms] = {ops.AveragePool: average_pool, ops.MaxPool: max_pool}
