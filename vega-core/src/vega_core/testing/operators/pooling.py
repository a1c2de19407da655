"""Uses of pooling."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_ODD: Final = ((-1, 3, 6, 7),)
_EVEN: Final = ((-1, 3, 4, 4),)
_UNEVEN: Final = ((-1, 3, 5, 6),)

CASES: Final = (
    OperatorCase("max pool 1d", ops.MaxPool((2,), (2,), (0, 0), (1,)), ((-1, 3, 6),)),
    OperatorCase("max pool", ops.MaxPool((3, 3), (2, 2), (1, 1, 1, 1), (1, 1)), _ODD),
    OperatorCase("max pool, ceil", ops.MaxPool((3, 2), (2, 2), (0,) * 4, (1, 1), True), _ODD),
    OperatorCase("max pool, dilated", ops.MaxPool((2, 2), (1, 1), (0,) * 4, (2, 3)), _ODD),
    OperatorCase(
        "max pool, uneven pads", ops.MaxPool((2, 3), (2, 2), (0, 1, 1, 0), (1, 1)), _UNEVEN
    ),
    OperatorCase(
        "max pool, uneven pads, ceil",
        ops.MaxPool((2, 2), (2, 2), (0, 0, 1, 1), (1, 1), True),
        _EVEN,
    ),
    OperatorCase(
        "max pool 3d", ops.MaxPool((2, 1, 2), (1, 1, 2), (0,) * 6, (1, 1, 1)), ((-1, 2, 3, 2, 4),)
    ),
    OperatorCase("average pool 1d", ops.AveragePool((3,), (1,), (1, 1)), ((-1, 3, 6),)),
    OperatorCase("average pool", ops.AveragePool((3, 3), (2, 2), (1, 1, 1, 1)), _ODD),
    OperatorCase(
        "average pool, counted", ops.AveragePool((3, 3), (2, 2), (1,) * 4, False, True), _ODD
    ),
    OperatorCase(
        "average pool, counted, ceil", ops.AveragePool((3, 3), (2, 2), (1,) * 4, True, True), _ODD
    ),
    OperatorCase(
        "average pool, ceil", ops.AveragePool((3, 3), (2, 2), (0,) * 4, True), ((-1, 3, 6, 8),)
    ),
    OperatorCase("average pool, uneven", ops.AveragePool((2, 3), (2, 2), (0, 1, 1, 0)), _UNEVEN),
    OperatorCase(
        "average pool, uneven, ceil", ops.AveragePool((2, 2), (2, 2), (0, 0, 1, 1), True), _EVEN
    ),
    OperatorCase(
        "average pool, uneven, counted",
        ops.AveragePool((2, 3), (2, 2), (0, 1, 1, 0), False, True),
        _UNEVEN,
    ),
    OperatorCase(
        "average pool, uneven, counted, ceil",
        ops.AveragePool((3, 2), (2, 2), (0, 0, 1, 1), True, True),
        ((-1, 3, 5, 4),),
    ),
    OperatorCase(
        "average pool 3d", ops.AveragePool((2, 1, 2), (1, 1, 2), (0,) * 6), ((-1, 2, 3, 2, 4),)
    ),
)
"""Windows over one, two and three axes, with every way to treat their borders."""
