"""Functions that move elements and change shapes."""

from __future__ import annotations

from collections.abc import Sequence

from vega_core.nn import ops
from vega_core.nn.tensor import Tensor


def flatten(x: Tensor, axis: int = 1) -> Tensor:
    """Returns two axes: those before ``axis`` multiplied, and the rest."""
    return x.apply(ops.Flatten(axis))


def reshape(x: Tensor, *shape: int) -> Tensor:
    """Returns the same elements in another shape; 0 copies a dimension, one -1 takes the rest."""
    return x.apply(ops.Reshape(shape))


def concat(tensors: Sequence[Tensor], axis: int = 1) -> Tensor:
    """Returns tensors one after another along ``axis``."""
    return tensors[0].apply(ops.Concat(axis), *tensors[1:])


def pad(x: Tensor, pads: Sequence[int], value: float = 0.0) -> Tensor:
    """Returns x with ``value`` around it; ``pads`` has all begins and then all ends."""
    return x.apply(ops.Pad(tuple(pads), value))
