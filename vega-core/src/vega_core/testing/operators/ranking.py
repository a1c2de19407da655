"""Uses of running sums, and of what finds the largest elements."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.testing.operators.case import OperatorCase

_X: Final = (-1, 4, 5)
_INTEGERS: Final = ("int64",)

CASES: Final = (
    OperatorCase("cumulative sum", ops.CumSum(1), (_X,)),
    OperatorCase("cumulative sum, exclusive", ops.CumSum(-1, exclusive=True), (_X,)),
    OperatorCase("cumulative sum, reverse", ops.CumSum(2, reverse=True), (_X,)),
    OperatorCase("cumulative sum, both", ops.CumSum(1, exclusive=True, reverse=True), (_X,)),
    OperatorCase("cumulative sum of the batch", ops.CumSum(0, exclusive=True), (_X,)),
    OperatorCase("cumulative sum of integers", ops.CumSum(1, True, True), (_X,), ("int32",)),
    OperatorCase("arg max", ops.ArgMax(1), (_X,), differentiable=()),
    OperatorCase("arg max, kept", ops.ArgMax(-1, keepdims=True), (_X,), differentiable=()),
    OperatorCase("arg max of equal elements", ops.ArgMax(2), (_X,), _INTEGERS),
    OperatorCase("arg min", ops.ArgMin(1), (_X,), differentiable=()),
    OperatorCase("arg min of the batch", ops.ArgMin(0), (_X,), differentiable=()),
    OperatorCase("arg min of equal elements", ops.ArgMin(2), (_X,), _INTEGERS),
    OperatorCase("top 2", ops.TopK(2), (_X,)),
    OperatorCase("top 3 of channels", ops.TopK(3, 1), (_X,)),
    OperatorCase("smallest 2", ops.TopK(2, largest=False), (_X,)),
    OperatorCase("top 3 of equal elements", ops.TopK(3), (_X,), _INTEGERS),
    OperatorCase("smallest 4 of equal elements", ops.TopK(4, 2, False), (_X,), _INTEGERS),
)
"""Every attribute; indices of elements that are equal as well."""
