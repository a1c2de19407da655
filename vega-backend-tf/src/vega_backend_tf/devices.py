"""The devices that TensorFlow sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from vega_core.backend import Device
from vega_core.errors import ConfigError

CPU = Device("cpu", "cpu")


def found() -> list[Device]:
    """Returns the devices, graphics processors first."""
    listed = []
    for index, gpu in enumerate(tf.config.list_physical_devices("GPU")):
        details: dict[str, Any] = tf.config.experimental.get_device_details(gpu)
        listed.append(
            Device(f"cuda:{index}", "cuda", description=str(details.get("device_name", "")))
        )
    return [*listed, CPU]


def preferring(name: str | None) -> Sequence[Device]:
    """Returns the devices, one first.

    Args:
        name: Name of the device, also as TensorFlow writes it; a family alone (``cuda``) means its
            first. None changes nothing.

    Raises:
        ConfigError: There is no such device; lists those that there are.
    """
    listed = found()
    if name is None:
        return listed
    wanted = name.lower().lstrip("/").removeprefix("device:").replace("gpu", "cuda")
    chosen = next((one for one in listed if wanted in (one.name, one.kind, f"{one.name}:0")), None)
    if chosen is None:
        names = ", ".join(
            f"{one.name} ({one.description})" if one.description else one.name for one in listed
        )
        raise ConfigError(f"general.backend: TensorFlow has no device '{name}'; it has {names}")
    return [chosen, *(one for one in listed if one != chosen)]


def tensorflow_name(device: Device) -> str:
    """Returns TensorFlow's name of a device."""
    return device.name.replace("cuda", "GPU") if device.kind == "cuda" else "CPU:0"


def has_bfloat16(device: Device) -> bool:
    """Whether a device computes in bfloat16 itself."""
    if device.kind != "cuda":
        return True
    index = int(device.name.partition(":")[2])
    gpu = tf.config.list_physical_devices("GPU")[index]
    capability = tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))
    return bool(capability >= (8, 0))


def set_threads(threads: int) -> None:
    """Sets the threads of one operator.

    Raises:
        ConfigError: TensorFlow runs already, with another number.
    """
    if tf.config.threading.get_intra_op_parallelism_threads() == threads:
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    except RuntimeError as error:
        raise ConfigError(
            f"general.backend.threads: {threads} comes too late, TensorFlow runs already; one "
            "process has one number"
        ) from error
