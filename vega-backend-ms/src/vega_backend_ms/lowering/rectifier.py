"""Rectifiers; MindSpore's own have other gradients at 0, or attributes of 32 bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mindspore import ops as ms_ops

from vega_backend_ms.lowering.calls import call
from vega_backend_ms.lowering.precision import exact_type
from vega_backend_ms.lowering.types import scalar
from vega_core.backend.writing import Lowering, Site
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def leaky_relu(op: ops.LeakyRelu, site: Site) -> str:
    """Lowers LeakyRelu."""
    return f"leaky({site.inputs[0]}, {scalar(op.alpha, site.specs[0].dtype)})"


def prelu(op: ops.PRelu, site: Site) -> str:
    """Lowers PRelu."""
    weight, rank = site.params["weight"], len(site.specs[0].shape)
    if not op.shared and rank > 2:
        weight = f"ops.reshape({weight}, (-1{', 1' * (rank - 2)}))"
    return f"leaky({site.inputs[0]}, {weight})"


def elu(op: ops.Elu, site: Site) -> str:
    """Lowers Elu."""
    return _exponential(site, op.alpha, 1.0)


def selu(op: ops.Selu, site: Site) -> str:
    """Lowers Selu."""
    return f"{_exponential(site, op.alpha, 1.0)} * {scalar(op.gamma, site.specs[0].dtype)}"


def celu(op: ops.Celu, site: Site) -> str:
    """Lowers Celu."""
    return _exponential(site, op.alpha, op.alpha)


def _exponential(site: Site, alpha: float, scale: float) -> str:
    (x,), dtype = site.inputs, site.specs[0].dtype
    return f"exponential({x}, {scalar(alpha, dtype)}, {scalar(scale, dtype)}, {exact_type(dtype)})"


def leaky(x: Any, slope: Any) -> Any:
    """Returns x where it is positive, ``slope * x`` elsewhere."""
    return ms_ops.select(x > 0, x, x * slope)


def exponential(x: Any, alpha: Any, scale: Any, wide: Any) -> Any:
    """Returns x where it is positive, ``alpha * (exp(x / scale) - 1)`` elsewhere."""
    above, zeros = x > 0, ms_ops.zeros_like(x)
    below = ms_ops.cast(ms_ops.select(above, zeros, x) / scale, wide)
    return ms_ops.select(above, x, zeros) + ms_ops.cast(ms_ops.expm1(below), x.dtype) * alpha


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Celu: celu,
    ops.Elu: elu,
    ops.LeakyRelu: leaky_relu,
    ops.PRelu: prelu,
    ops.Relu: call("ops.relu"),  # Of NaN it is 0, here alone.
    ops.Selu: selu,
}
