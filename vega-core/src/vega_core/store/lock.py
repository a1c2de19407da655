"""The driver's lock on a run directory: a kernel lock, so it dies with its holder."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from vega_core.errors import LockedError
from vega_core.store.atomic import FILE_MODE

_PATIENCE_S = 0.3  # `holder` takes the lock for a moment to look


class RunLock:
    """Exclusive ``flock`` on a file that holds the process id of its holder.

    The kernel releases it at the end of the process, however it ends; nothing waits or goes stale.

    Example:
        ```python
        with RunLock(run.lock):
            ...
        ```
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Takes the lock.

        Raises:
            LockedError: Another driver has it; names its process id.
        """
        if self._descriptor is not None:
            return
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        deadline = time.monotonic() + _PATIENCE_S
        while not _lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                holder = _pid(descriptor)
                os.close(descriptor)
                raise LockedError(
                    f"another driver (process {holder}) holds the run {self.path.parent};"
                    " wait for it or stop it"
                )
            time.sleep(0.02)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Gives the lock back; the file stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @staticmethod
    def holder(path: Path) -> int | None:
        """Process id of the driver that holds the lock now, or ``None``."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            return None if _lock(descriptor, fcntl.LOCK_SH) else _pid(descriptor)
        finally:
            os.close(descriptor)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _lock(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid(descriptor: int) -> int:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else 0
