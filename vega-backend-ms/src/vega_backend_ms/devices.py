"""The devices that MindSpore sees, and how a process is set to one."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path
from typing import Final

import mindspore as ms

from vega_core.backend import Device
from vega_core.errors import ConfigError

CPU: Final = Device("cpu", "cpu")

_TARGETS: Final = {"cpu": "CPU", "cuda": "GPU", "ascend": "Ascend"}
"""MindSpore's name of a family of devices."""

_AVX2: Final = 7
"""oneDNN's number of that instruction set."""


def found() -> list[Device]:
    """Returns the devices, accelerators first."""
    family = {target: name for name, target in _TARGETS.items()}[ms.get_context("device_target")]
    if family == "cpu":
        return [CPU]
    count = (ms.device_context.ascend if family == "ascend" else ms.device_context.gpu).device_count
    name = "Ascend" if family == "ascend" else family
    return [*(Device(f"{name}:{index}", family) for index in range(count())), CPU]


def plain(name: str) -> str:
    """Returns the name of a device, or of a family, given also as MindSpore writes it."""
    return name.lower().replace("gpu", "cuda").replace("cpu:0", "cpu")


def use(device: Device) -> None:
    """Sets the process to a device and to eager execution; what is set already stays.

    On a CPU each operator runs where it is called: handing it to MindSpore's other threads took
    twice the time of a ResNet-20's step, and three times that of a small network's.

    Raises:
        ConfigError: The process computes on another device already.
    """
    if device.kind == "cpu":
        _keep_from_reference_kernels()
    target, index = _TARGETS[device.kind], int(device.name.partition(":")[2] or 0)
    try:
        ms.set_device(target, index)
    except RuntimeError as error:  # MindSpore runs already, which other code may have begun
        if (ms.get_context("device_target"), ms.get_context("device_id")) != (target, index):
            raise ConfigError(
                f"general.backend.device: {device.name} comes too late, MindSpore runs already; "
                "one process has one device"
            ) from error
    ms.set_context(mode=ms.PYNATIVE_MODE)
    if device.kind == "cpu":
        ms.runtime.launch_blocking()


def set_threads(threads: int | None) -> None:
    """Sets the threads of one operator on the CPU.

    Args:
        threads: Their number; None for ``OMP_NUM_THREADS``, which MindSpore itself does not read.

    Raises:
        ConfigError: MindSpore has another number already.
    """
    asked = threads
    if threads is None:
        given = os.environ.get("OMP_NUM_THREADS", "")
        threads = int(given) if given.isdecimal() and int(given) else None
    if threads is None:
        return
    try:
        _set_threads(threads)
    except RuntimeError as error:
        if asked is not None:
            raise ConfigError(
                f"general.backend.threads: {threads} comes too late, MindSpore has another number "
                "already; one process has one"
            ) from error


@cache
def _set_threads(threads: int) -> None:
    """Sets the threads; once for each number, because MindSpore refuses a second call of any."""
    ms.device_context.cpu.op_tuning.threads_num(threads)


def _keep_from_reference_kernels() -> None:
    """Keeps MindSpore's oneDNN to AVX2.

    With AVX-512 the oneDNN of MindSpore 2.10 convolves arrays (N, C, H, W) by its reference code,
    which was 20 to 40 times slower. It takes the setting only before its first use; a user's own
    environment (``ONEDNN_MAX_CPU_ISA``) holds where it is narrower.
    """
    library = Path(ms.__file__).parent / "lib" / "libdnnl.so.3"
    if library.exists():
        ctypes.CDLL(str(library)).dnnl_set_max_cpu_isa(_AVX2)
