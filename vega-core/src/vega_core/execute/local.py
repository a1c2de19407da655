"""Attempts in supervised child processes of this machine."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import math
import os
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vega_core.errors import RunFailed
from vega_core.execute.contract import Executor
from vega_core.execute.crew import Crew
from vega_core.execute.environment import threads_per_worker, worker_environment
from vega_core.execute.memory import oom_kills
from vega_core.execute.messages import run_message
from vega_core.execute.options import LocalOptions
from vega_core.execute.pipes import pack
from vega_core.execute.records import Attempt, Ended, Event, Key, Started
from vega_core.execute.states import AttemptState

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["LocalExecutor", "LocalOptions"]

_LINGER_S = (
    0.01  # a start waits for company, so that an instant attempt costs its driver one commit
)
_CLOSE_S = 2.0
_WAKE, _REQUEST = b"w", b"r"


class LocalExecutor(Executor):
    """One supervised child process a slot, kept warm between attempts.

    A worker that dies, by whatever cause, ends its own attempt and no other, and is replaced. Each
    has a session and a process group of its own; the whole group is killed with it, and dies with
    this process. What an attempt starts and leaves running lives as long as its worker.

    Call it from one thread that lives as long: the kernel ends a worker together with the thread
    that made it.

    Args:
        slots: Workers.
        options: Settings.
        kills: Counts the kernel's kills for memory.

    Attributes:
        threads: Threads for the libraries in a worker.

    Example:
        ```python
        with LocalExecutor(2) as executor:
            executor.submit(Attempt(Key("hpo", 0, 1.0, 1), "my_module:evaluate", {"lr": 0.1}))
            while executor.in_flight:
                for event in executor.poll():
                    print(event)
        ```
    """

    @classmethod
    def create(cls, slots: int, logs: Path | None = None) -> Self:
        return cls(slots, LocalOptions(log_folder=logs))

    def __init__(
        self,
        slots: int,
        options: LocalOptions | None = None,
        *,
        kills: Callable[[], int] = oom_kills,
    ) -> None:
        super().__init__(slots)
        options = options or LocalOptions()
        self.threads = options.threads or threads_per_worker(slots)
        environment = worker_environment(self.threads, options.environment)
        self._crew = Crew(options, environment, self._add, kills)
        self._queue: deque[tuple[Attempt, int, bytes]] = deque()
        self._requests: deque[tuple[Key, AttemptState, bool]] = deque()
        self._serials = itertools.count(1)
        self._events: list[Event] = []
        self._due = math.inf  # when `poll` must return because of the events
        self._woken = False
        self._process, self._thread = os.getpid(), threading.get_ident()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._crew.watch(self._wake_read, self._take_wake)
        atexit.register(self.close)

    def wake(self) -> None:
        self._signal(_WAKE)

    def _submit(self, attempt: Attempt) -> None:
        self._check_thread()
        serial = next(self._serials)
        self._queue.append((attempt, serial, pack(run_message(serial, attempt))))
        try:
            self._fill()
        except RunFailed:
            self._queue.pop()
            raise

    def _poll(self, timeout: float | None) -> list[Event]:
        self._check_thread()
        until = math.inf if timeout is None else time.monotonic() + timeout
        self._woken = False
        while True:
            self._fill()
            self._crew.wait(min(until, self._due) if self._open else 0)
            while self._requests:
                self._apply(*self._requests.popleft())
            late = time.monotonic() >= min(until, self._due)
            if late or self._woken or not self._open:
                events, self._events, self._due = self._events, [], math.inf
                return events

    def _request_stop(self, keys: tuple[Key, ...], state: AttemptState) -> None:
        self._requests.extend((key, state, False) for key in keys)
        self._signal(_REQUEST)

    def _kill(self, keys: tuple[Key, ...]) -> None:
        self._requests.extend((key, AttemptState.CANCELLED, True) for key in keys)
        self._signal(_REQUEST)

    def _close(self) -> list[Event]:
        atexit.unregister(self.close)
        if os.getpid() != self._process:  # a fork of the driver, to which the workers do not belong
            return []
        self._queue.clear()
        self._crew.dismiss(_CLOSE_S)
        os.close(self._wake_read)
        os.close(self._wake_write)
        return self._events

    def _add(self, event: Event) -> None:
        self._events.append(event)
        lingering = isinstance(event, Started)
        self._due = min(self._due, time.monotonic() + _LINGER_S if lingering else 0)

    def _fill(self) -> None:
        """Hands queued attempts to idle workers, and hires the workers that are missing."""
        if not self._queue:
            return
        for worker in self._crew.active:
            if self._queue and worker.idle:
                self._add(worker.start(*self._queue.popleft(), time.monotonic()))
        active = self._crew.active
        starting = sum(not worker.ready for worker in active)
        for _ in range(min(self._slots - len(active), len(self._queue) - starting)):
            self._hire()

    def _hire(self) -> None:
        try:
            self._crew.hire()
        except OSError as error:
            active = len(self._crew.active)
            if not active:
                raise RunFailed(f"cannot start a worker process: {error}") from error
            self._slots = active
            warnings.warn(
                f"only {active} workers from now on: {error}", RuntimeWarning, stacklevel=2
            )

    def _apply(self, key: Key, state: AttemptState, force: bool) -> None:
        """Does what was asked of an attempt; its end may have come meanwhile."""
        for item in self._queue:
            if item[0].key == key:
                self._queue.remove(item)
                self._add(Ended(key, state, reason="stopped before it began"))
                return
        for worker in self._crew.workers:
            if worker.attempt and worker.attempt.key == key:
                if force:
                    worker.condemn(state, "killed on request", time.monotonic(), 0)
                else:
                    worker.request_stop(state)

    def _signal(self, byte: bytes) -> None:
        with contextlib.suppress(OSError):  # full: it will be read anyway; or closed
            os.write(self._wake_write, byte)

    def _take_wake(self) -> None:
        self._woken = self._woken or _WAKE in os.read(self._wake_read, 1 << 16)

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("call a LocalExecutor from the thread that made it")
