"""Logic; `<`, `<=`, `>` and `>=` are operators of tensors, `==` compares the tensors themselves."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.functional.arithmetic import tensors
from vega_core.nn.tensor import Operand, Tensor


def equal(a: Operand, b: Operand) -> Tensor:
    """Returns whether two are equal, element by element."""
    a, b = tensors(a, b)
    return a.apply(ops.Equal(), b)


def not_equal(a: Operand, b: Operand) -> Tensor:
    """Returns whether two differ, element by element."""
    return logical_not(equal(a, b))


def logical_and(a: Tensor, b: Tensor) -> Tensor:
    """Returns whether both are true."""
    return a.apply(ops.And(), b)


def logical_or(a: Tensor, b: Tensor) -> Tensor:
    """Returns whether at least one is true."""
    return a.apply(ops.Or(), b)


def logical_xor(a: Tensor, b: Tensor) -> Tensor:
    """Returns whether exactly one is true."""
    return a.apply(ops.Xor(), b)


def logical_not(x: Tensor) -> Tensor:
    """Returns whether x is false."""
    return x.apply(ops.Not())


def where(condition: Tensor, a: Operand, b: Operand) -> Tensor:
    """Returns a where the condition holds and b elsewhere; the three broadcast.

    Args:
        condition: Of bool.
        a: What is taken where it holds.
        b: What is taken elsewhere.
    """
    return condition.apply(ops.Where(), *tensors(a, b))
