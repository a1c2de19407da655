"""Uses of what joins arrays and takes them apart."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.nn.ops.slicing import END
from vega_core.testing.operators.case import OperatorCase

_X: Final = ((-1, 5, 4),)

CASES: Final = (
    OperatorCase("concat", ops.Concat(1), ((-1, 2, 4), (-1, 1, 4))),
    OperatorCase("concat, last axis", ops.Concat(-1), ((-1, 2), (-1, 4), (-1, 1))),
    OperatorCase("concat of batches", ops.Concat(0), ((-1, 2), (-2, 2))),
    OperatorCase("concat of one", ops.Concat(), ((-1, 2),), ("int64",)),
    OperatorCase("split", ops.Split(1, (2, 1, 2)), _X),
    OperatorCase("split, last axis", ops.Split(-1, (1, 3)), _X),
    OperatorCase("split into one", ops.Split(1, (5,)), _X),
    OperatorCase("split batches", ops.Split(0, (-2, -1)), ((-3, 4),)),
    OperatorCase("slice", ops.Slice((1, -3), (-1, END), (1, 2), (1, 1)), _X),
    OperatorCase("slice by steps", ops.Slice((1,), (5,), (1,), (2,)), _X),
    OperatorCase("slice backwards", ops.Slice((3, 9), (-END, 0), (1, -1), (-2, -1)), _X),
    OperatorCase("slice the batch whole", ops.Slice((0, 1), (END, 3), (0, 1), (1, 1)), _X),
    OperatorCase("slice the batch backwards", ops.Slice((-1,), (-END,), (0,), (-1,)), _X),
    OperatorCase("slice of nothing", ops.Slice((), (), (), ()), _X),
    OperatorCase("slice of bools", ops.Slice((1,), (4,), (1,), (1,)), _X, ("bool",)),
)
"""Along the batch and other axes, forwards and backwards."""
