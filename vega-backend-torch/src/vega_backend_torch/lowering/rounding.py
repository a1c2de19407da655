"""Rounding, bounds and element types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.calls import call
from vega_backend_torch.lowering.types import element_type
from vega_core.backend.writing import Lowering, Site, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def clip(op: ops.Clip, site: Site) -> str:
    """Lowers Clip."""
    return f"torch.clamp({site.inputs[0]}, {literals(*op.bounds(site.specs[0].dtype))})"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Cast: lambda op, site: f"{site.inputs[0]}.to({element_type(op.dtype)})",
    ops.Ceil: call("torch.ceil"),
    ops.Clip: clip,
    ops.Floor: call("torch.floor"),
    ops.Round: call("torch.round"),
}
