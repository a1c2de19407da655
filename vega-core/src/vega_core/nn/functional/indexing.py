"""Functions that read and write by number."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.ops.indexing import Combination
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current


def gather(x: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    """Returns slices of x along ``axis``; the axes of ``indices`` stand in its place.

    Args:
        x: What is read.
        indices: Integers in [-size, size), where size is x's along the axis.
        axis: The axis of x.
    """
    return x.apply(ops.Gather(axis), indices)


def gather_elements(x: Tensor, indices: Tensor, axis: int = 0) -> Tensor:
    """Returns single elements of x along ``axis``, one for each of ``indices``.

    Args:
        x: What is read.
        indices: Integers of x's shape but for the axis, in [-size, size).
        axis: The axis along which they pick.
    """
    return x.apply(ops.GatherElements(axis), indices)


def scatter_elements(
    x: Tensor, indices: Tensor, updates: Tensor, axis: int = 0, reduction: Combination = "none"
) -> Tensor:
    """Returns x with ``updates`` written at ``indices`` along ``axis``.

    Args:
        x: What is written on; itself not changed.
        indices: Integers of x's shape but for the axis, in [-size, size).
        updates: What is written, of the shape of ``indices``.
        axis: The axis along which they are placed.
        reduction: ``none`` takes the place of what is there; ``add``, ``mul``, ``max`` and ``min``
            join it.
    """
    return x.apply(ops.ScatterElements(axis, reduction), indices, updates)


def one_hot(indices: Tensor, depth: int, axis: int = -1, dtype: str = "float32") -> Tensor:
    """Returns a new axis of ``depth`` places that is 1 at each integer's and 0 elsewhere."""
    return indices.apply(ops.OneHot(depth, axis, dtype))


def arange(
    start: float, limit: float | None = None, delta: float = 1, dtype: str = "int64"
) -> Tensor:
    """Returns numbers from ``start`` to before ``limit``, or from 0 to before ``start``.

    Args:
        start: The first number; where there is no limit, the limit.
        limit: Where they end.
        delta: The step.
        dtype: Element type.
    """
    first, last = (0, start) if limit is None else (start, limit)
    op = ops.Range(_short(first), _short(last), _short(delta), dtype)
    return current().emit(op, ())[0]


def _short(value: float) -> float:
    """Returns a whole number as an integer, so that equal ranges are written equally."""
    return int(value) if float(value).is_integer() else float(value)
