"""Arrays on their way to a device and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from vega_core.arrays import Array


@dataclass(frozen=True)
class Placement:
    """Where tensors live, and how those of pictures lie in memory.

    Attributes:
        device: The device.
        channels_last: Whether arrays (N, C, H, W) have their channels last in memory.
    """

    device: torch.device
    channels_last: bool = True

    def take(self, array: Any) -> torch.Tensor:
        """Returns an array in C order as a tensor, which may share its memory."""
        tensor = torch.from_numpy(array if array.flags.writeable else array.copy())
        if self.channels_last and tensor.ndim == 4 and tensor.is_floating_point():
            return tensor.to(self.device, memory_format=torch.channels_last)
        return tensor.to(self.device)

    def control(self, value: float | Array) -> float | torch.Tensor:
        """Returns a control as programs take it: a number as it is, an array as a tensor."""
        return self.take(value) if isinstance(value, np.ndarray) else value


def to_numpy(tensor: torch.Tensor) -> Array:
    """Returns a copy on the host, in NumPy's order; bfloat16, which NumPy lacks, as float32."""
    if tensor.is_sparse:
        tensor = tensor.to_dense()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.float()
    return np.array(tensor.detach().cpu().numpy(), order="C")
