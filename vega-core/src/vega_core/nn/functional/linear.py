"""Products of matrices; `@` is an operator of tensors."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.tensor import Tensor


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Returns the product over the last axis of ``a`` and the last but one of ``b``.

    Axes before the last two broadcast: (N, heads, m, k) by (k, n) is (N, heads, m, n).
    """
    return a.apply(ops.MatMul(), b)
