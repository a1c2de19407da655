"""Reductions over axes, and order along one."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import TypeAlias

from vega_core.nn import ops
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current

Axes: TypeAlias = int | Sequence[int] | None
"""One axis, several, or all; that of the batch may be among them."""


def reduce_sum(x: Tensor, axes: Axes = None, keepdims: bool = False) -> Tensor:
    """Returns the sum over axes, which stay with size 1 or go."""
    return x.apply(ops.ReduceSum(places(axes), keepdims))


def reduce_prod(x: Tensor, axes: Axes = None, keepdims: bool = False) -> Tensor:
    """Returns the product over axes, which stay with size 1 or go."""
    return x.apply(ops.ReduceProd(places(axes), keepdims))


def reduce_mean(x: Tensor, axes: Axes = None, keepdims: bool = False) -> Tensor:
    """Returns the mean over axes, which stay with size 1 or go."""
    return x.apply(ops.ReduceMean(places(axes), keepdims))


def reduce_max(x: Tensor, axes: Axes = None, keepdims: bool = False) -> Tensor:
    """Returns the largest element over axes, which stay with size 1 or go."""
    return x.apply(ops.ReduceMax(places(axes), keepdims))


def reduce_min(x: Tensor, axes: Axes = None, keepdims: bool = False) -> Tensor:
    """Returns the smallest element over axes, which stay with size 1 or go."""
    return x.apply(ops.ReduceMin(places(axes), keepdims))


def reduce_l2(x: Tensor, axes: Axes = None, keepdims: bool = False) -> Tensor:
    """Returns the Euclidean norm over axes, which stay with size 1 or go."""
    return x.apply(ops.ReduceL2(places(axes), keepdims))


def reduce_std(x: Tensor, axes: Axes = None, keepdims: bool = False, correction: int = 1) -> Tensor:
    """Returns the standard deviation over axes, which stay with size 1 or go.

    Args:
        x: The input.
        axes: What is reduced; by default everything.
        keepdims: Whether the axes stay.
        correction: What is taken off the number of elements before the division.
    """
    return x.apply(ops.ReduceStd(places(axes), keepdims, correction))


def log_sum_exp(x: Tensor, axes: Axes = None, keepdims: bool = False) -> Tensor:
    """Returns the logarithm of the sum of exponentials over axes, without overflow."""
    return x.apply(ops.ReduceLogSumExp(places(axes), keepdims))


def cumulative_sum(x: Tensor, axis: int, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """Returns the sum of all elements up to each along one axis.

    Args:
        x: The input.
        axis: The axis.
        exclusive: Whether an element is no part of its own sum.
        reverse: Whether the sums run from the end.
    """
    return x.apply(ops.CumSum(axis, exclusive, reverse))


def argmax(x: Tensor, axis: int, keepdims: bool = False) -> Tensor:
    """Returns where the largest element along an axis is, int64; of equal ones the first."""
    return x.apply(ops.ArgMax(axis, keepdims))


def argmin(x: Tensor, axis: int, keepdims: bool = False) -> Tensor:
    """Returns where the smallest element along an axis is, int64; of equal ones the first."""
    return x.apply(ops.ArgMin(axis, keepdims))


def top_k(x: Tensor, k: int, axis: int = -1, largest: bool = True) -> tuple[Tensor, Tensor]:
    """Returns the k largest (or smallest) elements along an axis in order, and where they were.

    Args:
        x: The input.
        k: How many.
        axis: The axis; not that of the batch.
        largest: Whether the largest are taken, or the smallest.

    Returns:
        The values, and their places as int64; of equal ones the first comes first.
    """
    values, indices = current().emit(ops.TopK(k, axis, largest), (x,))
    return values, indices


def places(axes: Axes) -> tuple[int, ...] | None:
    """Returns axes as an operator has them."""
    if axes is None:
        return None
    return tuple(map(index, axes)) if isinstance(axes, Sequence) else (index(axes),)
