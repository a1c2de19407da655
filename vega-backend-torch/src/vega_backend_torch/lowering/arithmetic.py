"""Arithmetic on elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.site import Lowering, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive

LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Add: lambda _, site: " + ".join(site.inputs),
    ops.Constant: lambda op, _: literal(op.value),
    ops.Div: lambda _, site: " / ".join(site.inputs),
    ops.Mul: lambda _, site: " * ".join(site.inputs),
    ops.Sub: lambda _, site: " - ".join(site.inputs),
}
