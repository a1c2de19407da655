"""Uses of rounding, bounds and casts."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_X: Final = (-1, 4, 5)

CASES: Final = (
    OperatorCase("floor", ops.Floor(), (_X,), low=-3, high=3),
    OperatorCase("ceil", ops.Ceil(), (_X,), low=-3, high=3),
    OperatorCase("round", ops.Round(), (_X,), low=-3, high=3),
    OperatorCase("clip", ops.Clip(-0.5, 1.2), (_X,)),
    OperatorCase("clip from below", ops.Clip(min=0.3), (_X,)),
    OperatorCase("clip from above", ops.Clip(max=0.0), (_X,)),
    OperatorCase("clip of integers", ops.Clip(-1.0, 2.0), (_X,), ("int64",), integers=(-5, 5)),
    OperatorCase("cast between floats", ops.Cast("float64"), (_X,)),
    OperatorCase("cast to integers", ops.Cast("int32"), (_X,), low=-9, high=9, differentiable=()),
    OperatorCase("cast to bool", ops.Cast("bool"), (_X,), ("int64",)),
    OperatorCase("cast of integers", ops.Cast("float64"), (_X,), ("int64",), integers=(-9, 9)),
    OperatorCase("cast of bool", ops.Cast("int64"), (_X,), ("bool",)),
)
"""Every operator, and casts between all kinds of element types."""
