"""The driver's side of a worker process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from vega_core.execute.pipes import LineReader, Message, pack
from vega_core.store.atomic import FILE_MODE

# Not `-m`, which would put the working folder before everything: a file of the user's named like
# a standard module would break every worker.
_BOOT = "import sys; sys.path[:] = sys.argv[4:]; from vega_core.execute.worker import main; main()"
_TAIL_BYTES = 2000


class WorkerProcess:
    """A child process in a session of its own, and the two pipes to it.

    Its descriptors are for a selector: ``reports`` is readable when messages are there,
    ``control`` writable when more of the outgoing data can go, ``exited`` (where the system has
    it) readable at its end. It dies with the thread that makes it.

    Args:
        environment: Its environment.
        log: File to which its output outside of attempts is appended; ``None`` keeps it until its
            end.

    Raises:
        OSError: No process, descriptor or file can be had; nothing is left open.
    """

    def __init__(self, environment: Mapping[str, str], log: Path | None = None) -> None:
        with contextlib.ExitStack() as undo:
            theirs, self.control = _pipe(undo)
            ours, theirs_too = _pipe(undo)
            self._log = _open_log(log)
            undo.callback(os.close, self._log)
            arguments = [theirs, theirs_too, os.getpid(), *_search_path()]
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=dict(environment),
                pass_fds=(theirs, theirs_too),
                start_new_session=True,
            )
            undo.pop_all()
        os.close(theirs)
        os.close(theirs_too)
        os.set_blocking(self.control, False)
        os.set_blocking(ours, False)
        self.reports = LineReader(ours)
        self.exited = _exit_descriptor(self._process.pid)
        self._outgoing = bytearray()
        self.send({"setup": sys.argv})

    @property
    def pid(self) -> int:
        """Its process id, and that of its group."""
        return self._process.pid

    @property
    def pending(self) -> bool:
        """Whether data wait to be sent, because the pipe is full; see ``flush``."""
        return bool(self._outgoing)

    def send(self, message: Message) -> None:
        """Sends a message, as far as the pipe takes it now."""
        self.send_line(pack(message))

    def send_line(self, line: bytes) -> None:
        """Sends a packed message, as far as the pipe takes it now."""
        self._outgoing += line
        self.flush()

    def flush(self) -> None:
        """Goes on sending."""
        try:
            while self._outgoing:
                del self._outgoing[: os.write(self.control, self._outgoing)]
        except BlockingIOError:
            pass
        except BrokenPipeError:  # it has ended; its exit tells why
            self._outgoing.clear()

    def signal_group(self, number: signal.Signals) -> None:
        """Sends a signal to all processes of its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def has_exited(self) -> bool:
        """Whether it has ended; its process id stays its own until ``reap``."""
        if self._process.returncode is not None:
            return True
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.pid, flags) is not None
        except ChildProcessError:  # somebody else in this process has waited for it
            return True

    def reap(self) -> int:
        """Ends what is left of its group, closes the pipes and returns its exit status.

        Call it once it has exited and the reports are read.
        """
        self.signal_group(signal.SIGKILL)
        code = self._process.wait()
        for descriptor in (self.control, self.reports.descriptor, self.exited, self._log):
            if descriptor is not None:
                os.close(descriptor)
        return code

    def log_tail(self) -> str:
        """Last lines of its own log."""
        size = os.fstat(self._log).st_size
        data = os.pread(self._log, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        return data.decode(errors="replace").strip()


def _pipe(undo: contextlib.ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    for descriptor in ends:
        undo.callback(os.close, descriptor)
    return ends


def _open_log(path: Path | None) -> int:
    if path is not None:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
    descriptor, name = tempfile.mkstemp(prefix="vega-worker-")
    Path(name).unlink()  # so that it is gone with the process, however that ends
    return descriptor


def _search_path() -> list[str]:
    return [entry or str(Path.cwd()) for entry in sys.path]


def _exit_descriptor(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid) if sys.platform == "linux" else None
    except OSError:  # an old kernel; then the executor looks from time to time
        return None
