"""Comparisons, logic, and a choice an element."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, renamed
from vega_core.nn import ops

FORMS: Final[Forms] = {
    ops.And: renamed("And"),
    ops.Equal: renamed("Equal"),
    ops.Greater: renamed("Greater"),
    ops.GreaterOrEqual: renamed("GreaterOrEqual"),
    ops.Less: renamed("Less"),
    ops.LessOrEqual: renamed("LessOrEqual"),
    ops.Not: renamed("Not"),
    ops.Or: renamed("Or"),
    ops.Where: renamed("Where"),
    ops.Xor: renamed("Xor"),
}
