"""Functions that give the same elements another shape."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.tensor import Tensor


def flatten(x: Tensor, axis: int = 1) -> Tensor:
    """Returns two axes: those before ``axis`` multiplied, and the rest."""
    return x.apply(ops.Flatten(axis))


def reshape(x: Tensor, *shape: int) -> Tensor:
    """Returns the same elements in another shape; 0 copies a dimension, one -1 takes the rest."""
    return x.apply(ops.Reshape(shape))


def transpose(x: Tensor, *perm: int) -> Tensor:
    """Returns the axes in another order: ``transpose(x, 0, 2, 1)`` swaps the last two of three."""
    return x.apply(ops.Transpose(perm))


def expand(x: Tensor, *shape: int) -> Tensor:
    """Returns x repeated along axes of size 1; 0 and 1 leave an axis as it is."""
    return x.apply(ops.Expand(shape))


def squeeze(x: Tensor, *axes: int) -> Tensor:
    """Returns x without some axes of size 1."""
    return x.apply(ops.Squeeze(axes))


def unsqueeze(x: Tensor, *axes: int) -> Tensor:
    """Returns x with more axes of size 1, counted in the result."""
    return x.apply(ops.Unsqueeze(axes))
