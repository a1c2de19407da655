"""A child process that dies with this one, its lines of output, and its end."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from typing_extensions import Self

# Started in between, because a function run between fork and exec is not safe with threads: asks
# the kernel (PR_SET_PDEATHSIG) for SIGKILL when the parent dies, and becomes the command. Ctrl-C
# at a terminal is for the driver, which then stops the command in its own way.
_LAUNCHER = """
import ctypes, os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
_LINE_LIMIT = 1 << 20
_CHUNK = 1 << 16


class Child:
    """Runs a command; as a context manager it leaves no process of the command behind.

    The child stays in the process group of its parent, so that whoever kills the group kills it
    and all that it has started.

    Args:
        arguments: Absolute path of the program, and its arguments.
        folder: Working folder.
        environment: Environment variables.
        given: File for its standard input.
        errors: File to which its standard error is appended.

    Attributes:
        stopped: Whether ``stop`` was called.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        given: Path,
        errors: Path,
    ) -> None:
        self.stopped = False
        self._below: list[int] = []
        self._begin = time.monotonic()
        self._deadline = math.inf
        with given.open("rb") as input_file, errors.open("ab") as error_file:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *arguments],
                cwd=folder,
                env=dict(environment),
                stdin=input_file,
                stdout=subprocess.PIPE,
                stderr=error_file,
                bufsize=0,
            )
        self._output = cast("IO[bytes]", self._process.stdout)
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)

    @property
    def returncode(self) -> int:
        """Exit status; negative is the number of a signal."""
        return self._process.wait()

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.returncode >= 0:
            return f"ended with exit code {self.returncode}"
        return f"was killed by {signal.Signals(-self.returncode).name}"

    @property
    def seconds(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._begin

    def lines(self, interval: float) -> Iterator[bytes | None]:
        """Yields lines of output until it has ended, and None at least once an interval.

        A process that it left behind with its output open is not waited for.
        """
        rest = b""
        looked = time.monotonic()
        is_open = True
        while is_open or self._process.poll() is None:
            chunk = None
            if is_open:
                chunk = self._read(interval)
            else:
                self._wait(interval)
            if chunk is not None:
                is_open = chunk != b""
                *lines, rest = (rest + chunk).splitlines(keepends=True) or [b""]
                yield from lines
                if rest.endswith(b"\n") or len(rest) > _LINE_LIMIT:
                    yield rest
                    rest = b""
            elif self._process.poll() is not None:
                break
            if time.monotonic() - looked >= interval:
                looked = time.monotonic()
                if looked > self._deadline:
                    self.kill()
                yield None
        if rest:
            yield rest

    def stop(self, grace: float) -> None:
        """Asks it to end, and kills it where it has not after so many seconds."""
        if not self.stopped:
            self.stopped = True
            self._deadline = time.monotonic() + grace
            self._below = descendants(self._process.pid)
            self._process.terminate()

    def kill(self) -> None:
        """Kills it and all processes that descend from it."""
        _kill([*descendants(self._process.pid), self._process.pid])
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self.kill()
        _kill(self._below)
        self._output.close()

    def _read(self, timeout: float) -> bytes | None:
        """Returns some output: nothing in it at the end, and None where none came in time."""
        if not self._poll.poll(timeout * 1000):
            return None
        return os.read(self._output.fileno(), _CHUNK)

    def _wait(self, timeout: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Returns the processes below one, as the kernel lists them; empty where it does not."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *descendants(child)]
    return found
