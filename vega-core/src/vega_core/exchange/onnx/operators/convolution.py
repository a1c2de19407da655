"""Convolutions and their transposes; weights are laid out as ONNX has them."""

from __future__ import annotations

from typing import Any, Final

from vega_core.exchange.onnx.site import Forms, Site
from vega_core.nn import ops


def conv(op: ops.Conv, site: Site) -> None:
    """Writes Conv."""
    site.result(
        "Conv",
        *site.inputs,
        *site.params.values(),
        kernel_shape=op.kernel_shape,
        strides=op.strides,
        pads=op.pads,
        dilations=op.dilations,
        group=op.group,
    )


def conv_transpose(op: ops.ConvTranspose, site: Site) -> None:
    """Writes ConvTranspose, and padding where more is added than runtimes take."""
    attributes: dict[str, Any] = {
        "kernel_shape": op.kernel_shape,
        "strides": op.strides,
        "dilations": op.dilations,
        "group": op.group,
    }
    if all(more < stride for more, stride in zip(op.output_padding, op.strides, strict=True)):
        attributes |= {"pads": op.pads, "output_padding": op.output_padding}
        site.result("ConvTranspose", *site.inputs, *site.params.values(), **attributes)
        return
    # A dilation allows it too. What is added is cut less, and beyond that zeros before the bias.
    rank = len(op.kernel_shape)
    ends = list(zip(op.pads[rank:], op.output_padding, strict=True))
    attributes["pads"] = (*op.pads[:rank], *(max(less - more, 0) for less, more in ends))
    y = site.emit("ConvTranspose", *site.inputs, site.params["weight"], **attributes)
    added = site.whole((*(0,) * (rank + 4), *(max(more - less, 0) for less, more in ends)))
    if not op.bias:
        site.result("Pad", y, added)
        return
    bias = site.emit("Reshape", site.params["bias"], site.whole((-1, *(1,) * rank)))
    site.result("Add", site.emit("Pad", y, added), bias)


FORMS: Final[Forms] = {ops.Conv: conv, ops.ConvTranspose: conv_transpose}
