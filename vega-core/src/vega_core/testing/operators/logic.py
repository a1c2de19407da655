"""Uses of comparisons, logic, and a choice an element."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_X: Final = (-1, 4, 5)
_COMPARISONS: Final = (
    ("greater", ops.Greater()),
    ("greater or equal", ops.GreaterOrEqual()),
    ("less", ops.Less()),
    ("less or equal", ops.LessOrEqual()),
)
_LOGIC: Final = (("and", ops.And()), ("or", ops.Or()), ("xor", ops.Xor()))

CASES: Final = (
    *(
        OperatorCase(f"{name} of {dtype}", op, (_X, (4, 1)), (dtype, dtype), differentiable=())
        for name, op in _COMPARISONS
        for dtype in ("float32", "int64")
    ),
    OperatorCase("equal of integers", ops.Equal(), (_X, (4, 1)), ("int64", "int64")),
    OperatorCase("equal of bool", ops.Equal(), (_X, _X), ("bool", "bool")),
    *(OperatorCase(name, op, (_X, _X), ("bool", "bool")) for name, op in _LOGIC),
    *(OperatorCase(f"{name} broadcast", op, ((5,), _X), ("bool", "bool")) for name, op in _LOGIC),
    OperatorCase("not", ops.Not(), (_X,), ("bool",)),
    OperatorCase("where", ops.Where(), (_X, _X, _X), ("bool", "float32", "float32")),
    OperatorCase("where of a number", ops.Where(), (_X, (), _X), ("bool", "float32", "float32")),
    OperatorCase(
        "where broadcast", ops.Where(), ((4, 1), (-1, 1, 5), (5,)), ("bool", "float32", "float32")
    ),
    OperatorCase("where of integers", ops.Where(), (_X, _X, ()), ("bool", "int64", "int64")),
)
"""Every operator, on each kind of element type that it takes; comparisons with equal elements."""
