"""The worker's side of a channel."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from vega_core.execute.contract import Attempt, Channel
from vega_core.execute.outcome import plain_metrics
from vega_core.execute.pipes import LineReader, Message, pack, write_all

_PROGRESS_S = 0.1


class PipeChannel(Channel):
    """Channel of the attempt that a worker runs.

    Args:
        attempt: The attempt.
        serial: Number of the attempt in this worker, in every message about it.
        control: Where the driver's messages come from.
        inbox: Messages read from there before, and those read here that are not for this attempt.
        reports: Descriptor to which messages to the driver go.
    """

    def __init__(
        self,
        attempt: Attempt,
        serial: int,
        control: LineReader,
        inbox: deque[Message],
        reports: int,
    ) -> None:
        self._attempt = attempt
        self._serial = serial
        self._control = control
        self._inbox = inbox
        self._reports = reports
        self._lock = threading.Lock()
        # It may have come in one read with the attempt itself.
        self._stop = any(message.get("stop") == serial for message in inbox)
        self._next_progress = 0.0
        self._compile_depth = 0
        self.seen_stop = False
        self.compile_seconds = 0.0

    @property
    def attempt(self) -> Attempt:
        return self._attempt

    @property
    def should_stop(self) -> bool:
        if not self._stop:
            with self._lock:
                self._look()
        self.seen_stop = self.seen_stop or self._stop
        return self._stop

    def report(self, metrics: Mapping[str, float], step: float) -> None:
        self._send("report", {"metrics": plain_metrics(metrics), "step": step})

    def progress(self) -> None:
        now = time.monotonic()
        if now >= self._next_progress:
            self._next_progress = now + _PROGRESS_S
            self._send("progress", True)

    @contextmanager
    def compiling(self) -> Iterator[None]:
        start = time.monotonic()
        self._pause(1)
        try:
            yield
        finally:
            self._pause(-1)
            if not self._compile_depth:
                self.compile_seconds += time.monotonic() - start

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Stops the no-progress clock while modules are imported; counts nothing."""
        self._pause(1)
        try:
            yield
        finally:
            self._pause(-1)

    def _pause(self, change: int) -> None:
        before, self._compile_depth = self._compile_depth, self._compile_depth + change
        if bool(before) != bool(self._compile_depth):
            self._send("compiling", bool(self._compile_depth))

    def _send(self, kind: str, value: object) -> None:
        line = pack({"serial": self._serial, kind: value})
        with self._lock:
            write_all(self._reports, line)

    def _look(self) -> None:
        """Takes what the driver has sent, without waiting."""
        while not self._control.ended and self._control.ready():
            for message in self._control.read():
                if message.get("stop") == self._serial:
                    self._stop = True
                elif "stop" not in message:
                    self._inbox.append(message)
