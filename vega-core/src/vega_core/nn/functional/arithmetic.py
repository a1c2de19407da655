"""Arithmetic on elements; `+ - * / **` and unary minus are operators of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vega_core.arrays import Array
from vega_core.nn import ops
from vega_core.nn.ops.constant import numbers
from vega_core.nn.tensor import Operand, Tensor
from vega_core.nn.tracing import current


def constant(value: float | Sequence[Any] | Array, dtype: str = "float32") -> Tensor:
    """Returns a number, or an array of nested sequences, as part of the graph.

    Args:
        value: What it is.
        dtype: Its element type.
    """
    return current().emit(ops.Constant(numbers(value), dtype), ())[0]


def tensors(*operands: Operand) -> tuple[Tensor, ...]:
    """Returns operands as tensors: numbers get the element type of the first that is one."""
    first = next((x for x in operands if isinstance(x, Tensor)), None)
    if first is None:
        first = constant(0.0)
    return tuple(first.like(x) for x in operands)


def minimum(a: Operand, b: Operand) -> Tensor:
    """Returns the smaller of two, element by element."""
    a, b = tensors(a, b)
    return a.apply(ops.Min(), b)


def maximum(a: Operand, b: Operand) -> Tensor:
    """Returns the larger of two, element by element."""
    a, b = tensors(a, b)
    return a.apply(ops.Max(), b)


def power(a: Operand, b: Operand) -> Tensor:
    """Returns a to the power of b, the same as ``a ** b``."""
    a, b = tensors(a, b)
    return a.apply(ops.Pow(), b)


def sqrt(x: Tensor) -> Tensor:
    """Returns the square root."""
    return x.apply(ops.Sqrt())


def exp(x: Tensor) -> Tensor:
    """Returns e to the power of x."""
    return x.apply(ops.Exp())


def log(x: Tensor) -> Tensor:
    """Returns the natural logarithm."""
    return x.apply(ops.Log())


def absolute(x: Tensor) -> Tensor:
    """Returns the absolute value."""
    return x.apply(ops.Abs())


def sign(x: Tensor) -> Tensor:
    """Returns -1, 0 or 1."""
    return x.apply(ops.Sign())


def reciprocal(x: Tensor) -> Tensor:
    """Returns 1 / x."""
    return x.apply(ops.Reciprocal())


def erf(x: Tensor) -> Tensor:
    """Returns the error function."""
    return x.apply(ops.Erf())


def sin(x: Tensor) -> Tensor:
    """Returns the sine of an angle in radians."""
    return x.apply(ops.Sin())


def cos(x: Tensor) -> Tensor:
    """Returns the cosine of an angle in radians."""
    return x.apply(ops.Cos())
