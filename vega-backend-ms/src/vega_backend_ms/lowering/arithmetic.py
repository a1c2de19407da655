"""Arithmetic on elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mindspore import ops as ms_ops

from vega_backend_ms.lowering.calls import call, infix, terms
from vega_backend_ms.lowering.precision import exact
from vega_backend_ms.lowering.types import element_type
from vega_core.backend.writing import Lowering, Site
from vega_core.nn import ops
from vega_core.nn.ops.checks import UNSIGNED
from vega_core.nn.primitive import Primitive

truncated: Final = ms_ops.TruncateDiv()
"""Divides integers, and cuts towards zero."""


def divide(op: ops.Div, site: Site) -> str:  # noqa: ARG001
    """Lowers Div; of integers ONNX cuts towards zero."""
    if site.specs[0].dtype.startswith("float"):
        return " / ".join(terms(site))
    return f"truncated({', '.join(site.inputs)})"


def absolute(op: ops.Abs, site: Site) -> str:  # noqa: ARG001
    """Lowers Abs; MindSpore has no kernel for most unsigned integers, which need none."""
    x = site.inputs[0]
    return x if site.specs[0].dtype in UNSIGNED else f"ops.abs({x})"


def sign(op: ops.Sign, site: Site) -> str:  # noqa: ARG001
    """Lowers Sign; MindSpore's own is of two element types alone."""
    (x,), (spec,) = site.inputs, site.specs
    if spec.dtype in ("float32", "float64"):
        return f"ops.sign({x})"
    return f"signs({x}, {element_type(spec.dtype)})"


def signs(x: Any, dtype: Any) -> Any:
    """Returns -1, 0 or 1 for each element."""
    zeros = ms_ops.zeros_like(x)
    above = ms_ops.cast(ms_ops.greater(x, zeros), dtype)
    below = ms_ops.cast(ms_ops.less(x, zeros), dtype)
    return above - below


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Abs: absolute,
    ops.Add: infix("+"),
    ops.Cos: call("ops.cos"),
    ops.Div: divide,
    ops.Erf: call("ops.erf"),
    ops.Exp: exact("exp"),
    ops.Log: exact("log"),
    ops.Max: call("ops.maximum", through={"uint16": "int32"}),
    ops.Min: call("ops.minimum"),
    ops.Mul: infix("*"),
    ops.Neg: call("ops.neg"),
    ops.Pow: infix("**"),
    ops.Reciprocal: call("ops.reciprocal"),
    ops.Sign: sign,
    ops.Sin: call("ops.sin"),
    ops.Sqrt: call("ops.sqrt"),
    ops.Sub: infix("-"),
}
