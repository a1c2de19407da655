"""Arithmetic on elements."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, renamed
from vega_core.nn import ops

FORMS: Final[Forms] = {
    ops.Abs: renamed("Abs"),
    ops.Add: renamed("Add"),
    ops.Cos: renamed("Cos"),
    ops.Div: renamed("Div"),
    ops.Erf: renamed("Erf"),
    ops.Exp: renamed("Exp"),
    ops.Log: renamed("Log"),
    ops.Max: renamed("Max"),
    ops.Min: renamed("Min"),
    ops.Mul: renamed("Mul"),
    ops.Neg: renamed("Neg"),
    ops.Pow: renamed("Pow"),
    ops.Reciprocal: renamed("Reciprocal"),
    ops.Sign: renamed("Sign"),
    ops.Sin: renamed("Sin"),
    ops.Sqrt: renamed("Sqrt"),
    ops.Sub: renamed("Sub"),
}
