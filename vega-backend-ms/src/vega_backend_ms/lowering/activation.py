"""Activations that are smooth or bounded, and the softmax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mindspore import ops as ms_ops

from vega_backend_ms.lowering.calls import call
from vega_backend_ms.lowering.precision import exact
from vega_backend_ms.lowering.types import scalar
from vega_core.backend.writing import Lowering, Site
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def hard_sigmoid(op: ops.HardSigmoid, site: Site) -> str:
    """Lowers HardSigmoid; MindSpore's own has the default attributes."""
    (x,), (spec,) = site.inputs, site.specs
    if op == ops.HardSigmoid():
        return f"ops.hardsigmoid({x})"
    return f"bounded({x} * {scalar(op.alpha, spec.dtype)} + {scalar(op.beta, spec.dtype)})"


def bounded(x: Any) -> Any:
    """Returns x within [0, 1]; its gradient at both bounds is 0."""
    below = ms_ops.select(x >= 1, ms_ops.ones_like(x), x)
    return ms_ops.select(x <= 0, ms_ops.zeros_like(x), below)


def hard_swish(x: Any) -> Any:
    """Returns x times its hard sigmoid; MindSpore's own has other gradients at -3 and 3."""
    return x * ms_ops.hardsigmoid(x)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Gelu: call("ops.gelu", "approximate"),
    ops.HardSigmoid: hard_sigmoid,
    ops.HardSwish: call("hard_swish"),
    ops.Identity: lambda _, site: site.inputs[0],
    ops.LogSoftmax: exact("log_softmax", "axis"),
    ops.Mish: exact("mish"),
    ops.Sigmoid: call("ops.sigmoid"),
    ops.Softmax: call("ops.softmax", "axis"),
    ops.Softplus: exact("softplus"),
    ops.Softsign: call("ops.softsign"),
    ops.Swish: call("ops.silu"),
    ops.Tanh: exact("tanh"),
}
