"""Rounding, bounds and element types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mindspore import ops as ms_ops

from vega_backend_ms.lowering.calls import call
from vega_backend_ms.lowering.types import BESIDE_NUMBERS, element_type, scalar
from vega_core.backend.writing import Lowering, Site, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def clip(op: ops.Clip, site: Site) -> str:
    """Lowers Clip; MindSpore's own takes bounds of 32 bits."""
    (x,), dtype = site.inputs, site.specs[0].dtype
    bounds = op.bounds(dtype)
    if dtype in BESIDE_NUMBERS:
        return f"ops.clamp({x}, {literals(*bounds)})"
    low, high = ("None" if bound is None else scalar(bound, dtype) for bound in bounds)
    return f"clipped({x}, {low}, {high})"


def clipped(x: Any, low: Any, high: Any) -> Any:
    """Returns x within bounds; its gradient at both is 1."""
    zeros = ms_ops.zeros_like(x)
    if low is not None:
        x = ms_ops.select(x < low, zeros + low, x)
    if high is not None:
        x = ms_ops.select(x > high, zeros + high, x)
    return x


def cast(op: ops.Cast, site: Site) -> str:
    """Lowers Cast."""
    return f"ops.cast({site.inputs[0]}, {element_type(op.dtype)})"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Cast: cast,
    ops.Ceil: call("ops.ceil"),
    ops.Clip: clip,
    ops.Floor: call("ops.floor"),
    ops.Round: call("ops.round"),
}
