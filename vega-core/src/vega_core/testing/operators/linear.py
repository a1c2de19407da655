"""Uses of dense layers and matrix products."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

CASES: Final = (
    OperatorCase("gemm", ops.Gemm(4), ((-1, 5),)),
    OperatorCase("gemm, no bias", ops.Gemm(4, False), ((-1, 5),)),
    OperatorCase("gemm of several batches", ops.Gemm(2), ((-4, 5),)),
    OperatorCase("matmul", ops.MatMul(), ((-1, 5), (5, 4))),
    OperatorCase("matmul of stacks", ops.MatMul(), ((-1, 2, 3, 5), (-1, 2, 5, 4))),
    OperatorCase("matmul, broadcast", ops.MatMul(), ((-1, 1, 3, 5), (2, 5, 4))),
    OperatorCase("matmul over the batch", ops.MatMul(), ((4, -1), (-1, 5))),
    OperatorCase("matmul of all pairs", ops.MatMul(), ((-1, 4), (4, -1))),
    OperatorCase("matmul by a vector", ops.MatMul(), ((-1, 3, 5), (5,))),
    OperatorCase("matmul of a vector", ops.MatMul(), ((5,), (-1, 5, 3))),
    OperatorCase("matmul of two vectors", ops.MatMul(), ((5,), (5,))),
)
"""Dense layers, and products of every rank."""
