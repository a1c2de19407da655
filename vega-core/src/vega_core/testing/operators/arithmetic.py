"""Uses of the arithmetic on elements."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_X: Final = (-1, 4, 5)
_BROADCAST: Final = (("channels", (4, 1)), ("a number", ()), ("the batch", (-1, 1, 1)))
_BINARY: Final = (
    ("add", ops.Add()),
    ("sub", ops.Sub()),
    ("mul", ops.Mul()),
    ("div", ops.Div()),
    ("pow", ops.Pow()),
    ("min", ops.Min()),
    ("max", ops.Max()),
)
_INTEGERS: Final = ("int64", "int64")

CASES: Final = (
    *(OperatorCase(name, op, (_X, _X), low=0.4, high=3) for name, op in _BINARY),
    *(
        OperatorCase(f"{name} with {what}", op, (_X, shape), low=0.4, high=3)
        for name, op in _BINARY
        for what, shape in _BROADCAST
    ),
    *(
        OperatorCase(f"{name} of integers", op, (_X, (5,)), _INTEGERS, integers=(1, 9))
        for name, op in _BINARY
    ),
    OperatorCase("sub of both signs", ops.Sub(), ((5,), _X)),
    OperatorCase("mul of both signs", ops.Mul(), ((4, 1), _X)),
    OperatorCase("neg", ops.Neg(), (_X,)),
    OperatorCase("neg of integers", ops.Neg(), (_X,), ("int32",)),
    OperatorCase("abs", ops.Abs(), (_X,)),
    OperatorCase("abs of integers", ops.Abs(), (_X,), ("int64",), integers=(-5, 5)),
    OperatorCase("sign", ops.Sign(), (_X,)),
    OperatorCase("sign of integers", ops.Sign(), (_X,), ("int64",), integers=(-5, 5)),
    OperatorCase("sqrt", ops.Sqrt(), (_X,), low=0.1, high=9),
    OperatorCase("exp", ops.Exp(), (_X,)),
    OperatorCase("log", ops.Log(), (_X,), low=0.1, high=9),
    OperatorCase("reciprocal", ops.Reciprocal(), (_X,), low=-3, high=-0.2),
    OperatorCase("erf", ops.Erf(), (_X,)),
    OperatorCase("sin", ops.Sin(), (_X,), low=-9, high=9),
    OperatorCase("cos", ops.Cos(), (_X,), low=-9, high=9),
)
"""Every operator, of floats and integers, with and without broadcasting."""
