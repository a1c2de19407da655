"""Uses of what reads and writes by number."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_ONE: Final = ("float32", "int64")
_TWO: Final = ("float32", "int64", "float32")
_ORDERS: Final = (((2, -1), (0, 1), (1, 0)), ((0, 1), (-1, 2), (1, 0)), ((1, 0), (2, -2), (0, 2)))
"""Places along an axis of 3, of which no two are one."""

CASES: Final = (
    OperatorCase("embedding", ops.Embedding(5, 4), ((-1, 3),), ("int64",), integers=(0, 5)),
    OperatorCase("embedding by int32", ops.Embedding(5, 4), ((-1,),), ("int32",), integers=(0, 5)),
    OperatorCase("gather", ops.Gather(), ((4, 3), (-1, 2)), _ONE, integers=(-4, 4)),
    OperatorCase("gather along an axis", ops.Gather(1), ((-1, 4, 3), (5,)), _ONE, integers=(-4, 4)),
    OperatorCase(
        "gather, last axis",
        ops.Gather(-1),
        ((-1, 3, 4), (2, 2)),
        ("float32", "int32"),
        integers=(-4, 4),
    ),
    OperatorCase("gather one", ops.Gather(1), ((-1, 4, 3), ()), _ONE, integers=(0, 4)),
    OperatorCase(
        "gather from the batch", ops.Gather(), ((-1, 4), (-1,)), _ONE, given=((1, (2, 0, -2)),)
    ),
    OperatorCase(
        "gather integers",
        ops.Gather(1),
        ((-1, 4), (2,)),
        ("int32", "int64"),
        integers=(0, 4),
        batch=5,
    ),
    OperatorCase("gather elements", ops.GatherElements(), ((4, 3), (2, 3)), _ONE, integers=(-4, 4)),
    OperatorCase(
        "gather elements, last axis",
        ops.GatherElements(-1),
        ((-1, 2, 4), (-1, 2, 6)),
        ("float32", "int32"),
        integers=(-4, 4),
    ),
    OperatorCase(
        "scatter elements",
        ops.ScatterElements(1),
        ((-1, 3, 2), (-1, 3, 2), (-1, 3, 2)),
        _TWO,
        given=((1, _ORDERS),),
    ),
    OperatorCase(
        "scatter fewer elements",
        ops.ScatterElements(-1),
        ((-1, 5), (-1, 2), (-1, 2)),
        _TWO,
        given=((1, ((0, -1), (1, 3), (4, 2))),),
    ),
    *(
        OperatorCase(
            f"scatter elements, {reduction}",
            ops.ScatterElements(1, reduction),
            ((-1, 3, 2), (-1, 5, 2), (-1, 5, 2)),
            _TWO,
            integers=(-3, 3),
        )
        for reduction in ("add", "mul", "max", "min")
    ),
    OperatorCase(
        "scatter elements of integers",
        ops.ScatterElements(0, "add"),
        ((3, 2), (4, 2), (4, 2)),
        ("int64",) * 3,
        integers=(0, 3),
    ),
    OperatorCase("one hot", ops.OneHot(4), ((-1, 3),), ("int64",), integers=(-6, 6)),
    OperatorCase("one hot, axis 1", ops.OneHot(3, 1, "float64"), ((-1, 2),), ("uint8",)),
    OperatorCase("one hot of bools", ops.OneHot(3, 0, "bool"), ((-1,),), ("int32",)),
    OperatorCase("range", ops.Range(2, 11, 3)),
    OperatorCase("range, backwards", ops.Range(5, -2, -2, "int16")),
    OperatorCase("range of floats", ops.Range(0.5, 2.1, 0.3, "float64")),
)
"""Places counted from the front and from the end, of every integer type."""
