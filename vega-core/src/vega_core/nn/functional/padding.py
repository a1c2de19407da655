"""Padding."""

from __future__ import annotations

from collections.abc import Sequence

from vega_core.nn import ops
from vega_core.nn.ops.padding import PadMode
from vega_core.nn.tensor import Tensor


def pad(x: Tensor, pads: Sequence[int], value: float = 0.0, mode: PadMode = "constant") -> Tensor:
    """Returns x with more elements around it.

    Args:
        x: The input.
        pads: How many, first before every axis and then after every axis, the batch's included.
        value: What they are in mode ``constant``.
        mode: ``constant``; ``reflect``, mirrored at the first and last element; or ``edge``,
            those repeated.
    """
    return x.apply(ops.Pad(tuple(pads), float(value), mode))
