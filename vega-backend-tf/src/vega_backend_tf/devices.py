"""The devices that TensorFlow sees."""

from __future__ import annotations

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


def plain(name: str) -> str:
    """Returns the name of a device, or of a family, given also as TensorFlow writes it."""
    return (
        name.lower()
        .lstrip("/")
        .removeprefix("device:")
        .replace("gpu", "cuda")
        .replace("cpu:0", "cpu")
    )


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
