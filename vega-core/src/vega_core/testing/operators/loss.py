"""Uses of the losses."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.nn.ops.loss import Reduction
from vega_core.testing.operators.case import OperatorCase

_LABELLED: Final = ("float32", "int64")
_WEIGHTED: Final = ("float32", "int64", "float32")
_PAIR: Final = ((-1, 4), (-1, 4))
_REDUCTIONS: Final[tuple[Reduction, ...]] = ("mean", "sum", "none")

CASES: Final = (
    *(
        OperatorCase(
            f"cross entropy, {reduction}",
            ops.SoftmaxCrossEntropyLoss(reduction=reduction),
            ((-1, 3), (-1,)),
            _LABELLED,
        )
        for reduction in _REDUCTIONS
    ),
    OperatorCase(
        "cross entropy, ignoring",
        ops.SoftmaxCrossEntropyLoss(0.2, 1),
        ((-1, 3), (-1,)),
        _LABELLED,
        given=((1, (0, 1, 2)),),
    ),
    *(
        OperatorCase(
            f"cross entropy of places, {reduction}",
            ops.SoftmaxCrossEntropyLoss(0.2, reduction=reduction),
            ((-1, 3, 2, 4), (-1, 2, 4)),
            ("float32", "int32"),
        )
        for reduction in _REDUCTIONS
    ),
    *(
        OperatorCase(
            f"cross entropy, weighted{what}, {reduction}",
            ops.SoftmaxCrossEntropyLoss(smoothing, 1, reduction),
            ((-1, 3, 4), (-1, 4), (3,)),
            _WEIGHTED,
            low=0.5,
            high=3.0,
            differentiable=(0,),
        )
        for what, smoothing in (("", 0.0), (" and smoothed", 0.3))
        for reduction in _REDUCTIONS
    ),
    *(
        OperatorCase(f"{name}, {reduction}", cls(reduction=reduction), _PAIR)
        for name, cls in (
            ("binary cross entropy", ops.BinaryCrossEntropyLoss),
            ("squared error", ops.SquaredError),
            ("absolute error", ops.AbsoluteError),
            ("smooth error", ops.SmoothL1),
        )
        for reduction in _REDUCTIONS
    ),
    OperatorCase(
        "binary cross entropy, far", ops.BinaryCrossEntropyLoss(), _PAIR, low=-200, high=200
    ),
    *(
        OperatorCase(
            f"binary cross entropy, weighted{what}",
            ops.BinaryCrossEntropyLoss(reduction),
            (*_PAIR, shape),
            differentiable=(0, 1),
        )
        for what, shape, reduction in (
            ("", (-1, 4), _REDUCTIONS[0]),
            (" by class", (4,), _REDUCTIONS[2]),
            (" by sample", (-1, 1), _REDUCTIONS[1]),
        )
    ),
    OperatorCase("smooth error of beta 0.5", ops.SmoothL1(0.5), _PAIR),
    OperatorCase("smooth error of beta 0", ops.SmoothL1(0.0), _PAIR),
)
"""Every loss with every reduction, and with weights."""
