"""Arithmetic on elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.calls import call, infix
from vega_core.backend.writing import Lowering, Site
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def divide(op: ops.Div, site: Site) -> str:  # noqa: ARG001
    """Lowers Div; of integers ONNX cuts towards zero."""
    if site.specs[0].dtype.startswith("float"):
        return " / ".join(site.terms)
    return f"torch.div({', '.join(site.inputs)}, rounding_mode='trunc')"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Abs: call("torch.abs"),
    ops.Add: infix("+"),
    ops.Cos: call("torch.cos"),
    ops.Div: divide,
    ops.Erf: call("torch.erf"),
    ops.Exp: call("torch.exp"),
    ops.Log: call("torch.log"),
    ops.Max: call("torch.maximum"),
    ops.Min: call("torch.minimum"),
    ops.Mul: infix("*"),
    ops.Neg: call("torch.neg"),
    ops.Pow: infix("**"),
    ops.Reciprocal: call("torch.reciprocal"),
    ops.Sign: call("torch.sign"),
    ops.Sin: call("torch.sin"),
    ops.Sqrt: call("torch.sqrt"),
    ops.Sub: infix("-"),
}
