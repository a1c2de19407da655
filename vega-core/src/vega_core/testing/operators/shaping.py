"""Uses of what gives the same elements another shape."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

CASES: Final = (
    OperatorCase("flatten", ops.Flatten(), ((-1, 3, 4, 5),)),
    OperatorCase("flatten from axis 2", ops.Flatten(2), ((-1, 3, 4, 5),)),
    OperatorCase("flatten from axis 0", ops.Flatten(0), ((-1, 3, 4),)),
    OperatorCase("flatten from the end", ops.Flatten(2), ((-1, 3),)),
    OperatorCase("reshape", ops.Reshape((0, 2, -1)), ((-1, 4, 5),)),
    OperatorCase("reshape into the batch", ops.Reshape((-1, 5)), ((-1, 4, 5),)),
    OperatorCase("reshape of integers", ops.Reshape((2, -1)), ((-1, 4),), ("int64",)),
    OperatorCase("transpose", ops.Transpose((0, 3, 1, 2)), ((-1, 3, 4, 5),)),
    OperatorCase("transpose the batch", ops.Transpose((1, 0)), ((-1, 4),)),
    OperatorCase("expand", ops.Expand((0, 3, 4)), ((-1, 1, 4),)),
    OperatorCase("expand by an axis", ops.Expand((2, 1, 0, 4)), ((-1, 3, 1),)),
    OperatorCase("expand a shorter shape", ops.Expand((4,)), ((-1, 3, 1),)),
    OperatorCase("squeeze", ops.Squeeze((1, -1)), ((-1, 1, 4, 1),)),
    OperatorCase("squeeze of nothing", ops.Squeeze(()), ((-1, 1),)),
    OperatorCase("unsqueeze", ops.Unsqueeze((-1, 1)), ((-1, 4),)),
    OperatorCase("unsqueeze of bools", ops.Unsqueeze((0, 1)), ((-1, 4),), ("bool",)),
)
"""With the batch in front, among the others, and last."""
