"""Rounding, bounds and element types."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.tensor import Tensor


def floor(x: Tensor) -> Tensor:
    """Returns the next whole number below or at x."""
    return x.apply(ops.Floor())


def ceil(x: Tensor) -> Tensor:
    """Returns the next whole number above or at x."""
    return x.apply(ops.Ceil())


def round(x: Tensor) -> Tensor:  # noqa: A001
    """Returns the nearest whole number, of two the even one."""
    return x.apply(ops.Round())


def clip(x: Tensor, low: float | None = None, high: float | None = None) -> Tensor:
    """Returns the nearest number from ``low`` to ``high``; None is no bound."""
    return x.apply(ops.Clip(low, high))


def cast(x: Tensor, dtype: str) -> Tensor:
    """Returns x in another element type, named as in NumPy."""
    return x.apply(ops.Cast(dtype))
