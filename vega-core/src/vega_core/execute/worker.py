"""A worker process: ``python -m vega_core.execute.worker CONTROL REPORTS DRIVER``.

It takes attempts from the pipe CONTROL, one at a time, and writes what becomes of them to the pipe
REPORTS. What an attempt prints goes to its folder. Neither standard stream is part of the protocol.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vega_core.execute import files, orphans
from vega_core.execute.channel import PipeChannel
from vega_core.execute.memory import resident_mb
from vega_core.execute.messages import attempt_of, plain_end
from vega_core.execute.outcome import Outcome, Target, call
from vega_core.execute.pipes import LineReader, Message, pack, write_all
from vega_core.execute.records import Attempt, Ended
from vega_core.execute.states import AttemptState
from vega_core.plugins.importing import load_target
from vega_core.store.atomic import FILE_MODE


class Worker:
    """Runs the driver's attempts until it is told to exit, or the driver is gone."""

    def __init__(self, control: int, reports: int) -> None:
        self._control = LineReader(control)
        self._reports = reports
        self._inbox: deque[Message] = deque()
        self._targets: dict[str, Target] = {}
        self._folder = Path.cwd()

    def run(self) -> None:
        """Serves to the end."""
        self._send({"ready": os.getpid()})
        while (message := self._next()) and "exit" not in message:
            if "setup" in message:
                sys.argv[:] = message["setup"]
            elif "run" in message:
                self._run(message["run"], attempt_of(message))

    def _next(self) -> Message | None:
        while not self._inbox:
            if self._control.ended:
                return None
            self._inbox.extend(self._control.read())
        return self._inbox.popleft()

    def _run(self, serial: int, attempt: Attempt) -> None:
        channel = PipeChannel(attempt, serial, self._control, self._inbox, self._reports)
        start = time.monotonic()
        process = os.getpid()
        outcome = self._call(attempt, channel)
        if os.getpid() != process:  # a fork of the target's own came back out of it
            os._exit(0)
        stopped = channel.seen_stop and outcome.state is AttemptState.OK
        ended = Ended(
            attempt.key,
            outcome.state,
            outcome.metrics,
            outcome.reason,
            time.monotonic() - start,
            channel.compile_seconds,
            outcome.fingerprint,
        )
        if attempt.folder is not None and not stopped:
            files.keep(attempt.folder, ended, outcome.trace)
        os.chdir(self._folder)
        end = {"serial": serial, "end": plain_end(ended), "stopped": stopped}
        self._send({**end, "resident_mb": resident_mb()})

    def _call(self, attempt: Attempt, channel: PipeChannel) -> Outcome:
        if attempt.folder is None:
            return call(lambda: self._load(attempt.target, channel), attempt.payload, channel)
        try:
            log = _open_log(attempt.folder)
        except OSError as error:
            return Outcome(AttemptState.FAILED, reason=f"{attempt.folder}: {error.strerror}")
        with _output_to(log):
            outcome = call(lambda: self._load(attempt.target, channel), attempt.payload, channel)
            _flush()
            os.write(2, outcome.trace.encode(errors="backslashreplace"))
        return outcome

    def _load(self, target: str, channel: PipeChannel) -> Target:
        if target not in self._targets:
            with channel.loading():
                self._targets[target] = load_target(target)
        return self._targets[target]

    def _send(self, message: Message) -> None:
        write_all(self._reports, pack(message))


def main() -> None:
    """Entry point of the process."""
    control, reports, driver = map(int, sys.argv[1:4])
    orphans.die_with(driver)
    orphans.start_guardian(control, reports)
    for descriptor in (control, reports):
        os.set_inheritable(descriptor, False)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver decides what Ctrl-C means
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable(file=2)
    with contextlib.suppress(BrokenPipeError):  # the driver is gone
        Worker(control, reports).run()


def _open_log(folder: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    return os.open(folder / files.LOG, flags, FILE_MODE)


@contextmanager
def _output_to(log: int) -> Iterator[None]:
    """Sends both standard streams to a file, also those of libraries and of child processes."""
    saved = os.dup(1), os.dup(2)
    _flush()
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    try:
        yield
    finally:
        _flush()
        for descriptor, number in zip(saved, (1, 2), strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the attempt closed or replaced it; its disk is full
            stream.flush()
    ctypes.CDLL(None).fflush(None)


if __name__ == "__main__":
    main()
