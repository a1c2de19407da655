"""The devices that PyTorch sees, and what they can do."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from vega_core.backend import Device
from vega_core.errors import ConfigError

CPU = Device("cpu", "cpu")


def found() -> list[Device]:
    """Returns the devices, graphics processors first."""
    listed = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        properties = torch.cuda.get_device_properties(index)
        memory = properties.total_memory / 2**20
        listed.append(Device(f"cuda:{index}", "cuda", memory, properties.name))
    return [*listed, CPU]


def preferring(name: str | None) -> Sequence[Device]:
    """Returns the devices, one first.

    Args:
        name: Name of the device; a family alone (``cuda``) means its first. None changes nothing.

    Raises:
        ConfigError: There is no such device; lists those that there are.
    """
    listed = found()
    if name is None:
        return listed
    chosen = next((one for one in listed if name in (one.name, one.kind)), None)
    if chosen is None:
        names = ", ".join(
            f"{one.name} ({one.description})" if one.description else one.name for one in listed
        )
        raise ConfigError(f"general.backend: PyTorch has no device '{name}'; it has {names}")
    return [chosen, *(one for one in listed if one != chosen)]


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device computes in bfloat16 itself."""
    return device.type != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)
