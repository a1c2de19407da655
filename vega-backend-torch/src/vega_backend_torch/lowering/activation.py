"""Activations that are smooth or bounded, and the softmax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.calls import call
from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def hard_sigmoid(op: ops.HardSigmoid, site: Site) -> str:
    """Lowers HardSigmoid; PyTorch's own has the default attributes."""
    (x,) = site.inputs
    if op == ops.HardSigmoid():
        return f"F.hardsigmoid({x})"
    return f"F.hardtanh({x} * {literal(op.alpha)} + {literal(op.beta)}, 0.0, 1.0)"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Gelu: lambda op, site: f"F.gelu({site.inputs[0]}, approximate={literal(op.approximate)})",
    ops.HardSigmoid: hard_sigmoid,
    ops.HardSwish: call("F.hardswish"),
    ops.Identity: lambda _, site: site.inputs[0],
    ops.LogSoftmax: call("torch.log_softmax", "axis"),
    ops.Mish: call("F.mish"),
    ops.Sigmoid: call("torch.sigmoid"),
    ops.Softmax: call("torch.softmax", "axis"),
    # From its third argument on PyTorch takes x itself, by default from 20: exact from 40 on.
    ops.Softplus: lambda _, site: f"F.softplus({site.inputs[0]}, 1.0, 40.0)",
    ops.Softsign: call("F.softsign"),
    ops.Swish: call("F.silu"),
    ops.Tanh: call("torch.tanh"),
}
