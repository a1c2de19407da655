"""What ties a worker, and all that it starts, to the life of its driver."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with(driver: int) -> None:
    """Has the kernel kill this process when the thread that made it ends.

    Args:
        driver: Process id of the driver; this process ends at once where it is gone already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != driver:
        os._exit(1)


def start_guardian(control: int, *others: int) -> None:
    """Starts a process that kills this process group once the driver is gone.

    The kernel's signal reaches the worker alone; what the worker has started would live on. The
    guardian is in the group itself, so the group's id stays its own as long as it waits. It is no
    child of the worker, so a target finds no child that it did not make. Call this before any
    thread is started.

    Args:
        control: Read end of the pipe of which the driver alone has the write end.
        others: Further descriptors of the worker, which the guardian must not keep open.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        if not os.fork():
            _guard(control, max(control, *others))
    finally:
        os._exit(0)


def _guard(control: int, highest: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched = os.dup2(control, 0, inheritable=False)
    os.closerange(1, highest + 1)
    poll = select.poll()
    poll.register(watched, 0)  # nothing but the hang-up, which is always told
    poll.poll()
    os.killpg(0, signal.SIGKILL)
