"""Activations that are smooth or bounded, and the softmax."""

from __future__ import annotations

import math
from typing import Final

from vega_core.exchange.onnx.site import Forms, Site, renamed
from vega_core.nn import ops

GELU_SINCE: Final = 20
"""The opset from which ONNX has Gelu."""


def swish(_: ops.Swish, site: Site) -> None:
    """Writes x sigmoid(x), which every runtime knows; ONNX's Swish is of opset 24."""
    (x,) = site.inputs
    site.result("Mul", x, site.emit("Sigmoid", x))


def gelu(op: ops.Gelu, site: Site) -> None:
    """Writes Gelu, or what it is made of where ONNX does not have it yet."""
    if site.opset >= GELU_SINCE:
        site.result("Gelu", *site.inputs, approximate=op.approximate)
        return
    (x,), (spec,) = site.inputs, site.specs

    def number(value: float) -> str:
        return site.constant(value, spec.dtype)

    if op.approximate == "tanh":
        cube = site.emit("Mul", number(0.044715), site.emit("Pow", x, number(3)))
        inside = site.emit("Mul", number(math.sqrt(2 / math.pi)), site.emit("Add", x, cube))
        share = site.emit("Add", number(1), site.emit("Tanh", inside))
    else:
        inside = site.emit("Mul", x, number(math.sqrt(0.5)))
        share = site.emit("Add", number(1), site.emit("Erf", inside))
    site.result("Mul", site.emit("Mul", x, number(0.5)), share)


FORMS: Final[Forms] = {
    ops.Gelu: gelu,
    ops.HardSigmoid: renamed("HardSigmoid", "alpha", "beta"),
    ops.HardSwish: renamed("HardSwish"),
    ops.Identity: renamed("Identity"),
    ops.LogSoftmax: renamed("LogSoftmax", "axis"),
    ops.Mish: renamed("Mish"),
    ops.Sigmoid: renamed("Sigmoid"),
    ops.Softmax: renamed("Softmax", "axis"),
    ops.Softplus: renamed("Softplus"),
    ops.Softsign: renamed("Softsign"),
    ops.Swish: swish,
    ops.Tanh: renamed("Tanh"),
}
