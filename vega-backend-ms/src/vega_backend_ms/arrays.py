"""Arrays on their way to a device and back."""

from __future__ import annotations

from typing import Any, TypeAlias

import mindspore as ms
import numpy as np

from vega_core.arrays import Array

Tensor: TypeAlias = Any
"""MindSpore has no types that a checker could use."""


def take(array: Any) -> Tensor:
    """Returns an array as a tensor with memory of its own."""
    return ms.Tensor(array)


def control(value: float | Array) -> Tensor:
    """Returns a control as eager code takes it: a number as it is, an array as a tensor."""
    return take(value) if isinstance(value, np.ndarray) else value


def to_numpy(tensor: Tensor) -> Array:
    """Returns a copy on the host; bfloat16, which NumPy lacks, as float32."""
    if tensor.dtype == ms.bfloat16:
        tensor = tensor.astype(ms.float32)
    # What MindSpore gives may be its own memory.
    return np.array(tensor.asnumpy(), order="C")
