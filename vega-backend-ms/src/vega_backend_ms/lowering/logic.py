"""Comparisons, logic, and a choice an element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_ms.lowering.calls import call, infix
from vega_core.backend.writing import Lowering
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive

LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.And: call("ops.logical_and"),
    ops.Equal: infix("=="),
    ops.Greater: infix(">"),
    ops.GreaterOrEqual: infix(">="),
    ops.Less: infix("<"),
    ops.LessOrEqual: infix("<="),
    ops.Not: call("ops.logical_not"),
    ops.Or: call("ops.logical_or"),
    ops.Where: call("ops.where"),
    ops.Xor: call("ops.logical_xor"),
}
