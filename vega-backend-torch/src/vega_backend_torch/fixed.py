"""Arrays that a program holds itself."""

from __future__ import annotations

from typing import Any

import torch


class Fixed:
    """A constant array; there is one copy a device.

    Args:
        value: Nested tuples of numbers.
        dtype: The element type.
    """

    def __init__(self, value: Any, dtype: str) -> None:
        self._value = torch.tensor(value, dtype=getattr(torch, dtype))
        self._copies: dict[torch.device, torch.Tensor] = {}

    def on(self, device: torch.device) -> torch.Tensor:
        """Returns the array on a device."""
        if device not in self._copies:
            # Also a prediction may ask first, and training differentiates with the same copy.
            with torch.inference_mode(False):
                self._copies[device] = self._value.to(device)
        return self._copies[device]
