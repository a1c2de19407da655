"""Activations."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.tensor import Tensor


def relu(x: Tensor) -> Tensor:
    """Returns max(x, 0)."""
    return x.apply(ops.Relu())


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Returns the softmax along ``axis``."""
    return x.apply(ops.Softmax(axis))


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Returns the logarithm of the softmax along ``axis``."""
    return x.apply(ops.LogSoftmax(axis))


def identity(x: Tensor) -> Tensor:
    """Returns x as a node of its own."""
    return x.apply(ops.Identity())
