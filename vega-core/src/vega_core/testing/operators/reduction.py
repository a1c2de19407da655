"""Uses of the reductions."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_X: Final = (-1, 4, 5)
_AXES: Final = (
    ("", None, True),
    (" to a number", None, False),
    (" of the last axis", (-1,), False),
    (" of two axes", (2, 0), True),
    (" of the batch", (0,), False),
)
_REDUCTIONS: Final = (
    ("sum", ops.ReduceSum),
    ("prod", ops.ReduceProd),
    ("mean", ops.ReduceMean),
    ("max", ops.ReduceMax),
    ("min", ops.ReduceMin),
    ("std", ops.ReduceStd),
    ("l2", ops.ReduceL2),
    ("log sum exp", ops.ReduceLogSumExp),
)

CASES: Final = (
    *(
        OperatorCase(f"{name}{what}", cls(axes, keepdims), (_X,), low=0.5, high=1.6)
        for name, cls in _REDUCTIONS
        for what, axes, keepdims in _AXES
    ),
    *(
        OperatorCase(f"{name} of {dtype}", cls((1,), False), (_X,), (dtype,), integers=(1, 5))
        for name, cls in _REDUCTIONS[:2] + _REDUCTIONS[3:5]
        for dtype in ("int32", "int64")
    ),
    *(OperatorCase(f"{name} of a number", cls(), ((),)) for name, cls in _REDUCTIONS[:5]),
    OperatorCase("std of the whole population", ops.ReduceStd((1,), True, 0), (_X,)),
    OperatorCase("log sum exp, far", ops.ReduceLogSumExp((1,)), (_X,), low=-900, high=900),
)
"""Every operator over all axes, some, and that of the batch."""
