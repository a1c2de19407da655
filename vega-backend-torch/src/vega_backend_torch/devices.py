"""The devices that PyTorch sees, and what they can do."""

from __future__ import annotations

import torch

from vega_core.backend import Device

CPU = Device("cpu", "cpu")


def found() -> list[Device]:
    """Returns the devices, graphics processors first."""
    listed = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        properties = torch.cuda.get_device_properties(index)
        memory = properties.total_memory / 2**20
        listed.append(Device(f"cuda:{index}", "cuda", memory, properties.name))
    return [*listed, CPU]


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device computes in bfloat16 itself."""
    return device.type != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)
