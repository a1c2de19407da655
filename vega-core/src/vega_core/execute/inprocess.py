"""Attempts in the driver's own process."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from vega_core.execute import files
from vega_core.execute.contract import Channel, Executor
from vega_core.execute.outcome import Outcome, Target, call, outcome_of, plain_metrics
from vega_core.execute.records import Attempt, Ended, Event, Key, Report, Started
from vega_core.execute.states import AttemptState
from vega_core.plugins.importing import load_target

_CLOSE_S = 2.0


class InProcessExecutor(Executor):
    """Calls targets here: at ``poll`` one after the other, or in threads.

    Nothing here can be ended by force. ``kill`` only asks, like ``request_stop``; of the limits the
    wall clock alone holds, and only for a target that looks at ``should_stop``; a target that
    crashes takes the driver with it. What a target prints goes to its folder's ``log.txt`` where it
    has a folder and nothing runs beside it, that is without threads; else where the driver's output
    goes.

    Args:
        threads: Threads that run attempts at the same time; 0 runs one at each ``poll``, which then
            returns all its events together.
        functions: Targets by name, for functions that cannot be imported by one.
    """

    def __init__(self, threads: int = 0, functions: Mapping[str, Target] | None = None) -> None:
        super().__init__(max(1, threads))
        self._functions = dict(functions or {})
        self._tasks: queue.SimpleQueue[Attempt | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._stops: dict[Key, AttemptState] = {}
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        self._events.put(None)

    def _submit(self, attempt: Attempt) -> None:
        self._tasks.put(attempt)

    def _poll(self, timeout: float | None) -> list[Event]:
        if not self._threads and not self._tasks.empty():
            self._run(self._tasks.get())
        events = self._take(timeout if self._open else 0)
        for event in events:
            if isinstance(event, Ended):
                self._stops.pop(event.key, None)
        return events

    def _request_stop(self, keys: tuple[Key, ...], state: AttemptState) -> None:
        self._stops.update(dict.fromkeys(keys, state))

    def _kill(self, keys: tuple[Key, ...]) -> None:
        self._request_stop(keys, AttemptState.CANCELLED)

    def _close(self) -> list[Event]:
        self._kill(tuple(self._open))
        for _ in self._threads:
            self._tasks.put(None)
        until = time.monotonic() + _CLOSE_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return self._take(0)

    def _take(self, timeout: float | None) -> list[Event]:
        """All events that are there; waits for the first one, or for ``wake``."""
        events: list[Event] = []
        try:
            event = self._events.get(timeout=timeout)
            while event is not None:
                events.append(event)
                event = self._events.get_nowait()
        except queue.Empty:
            pass
        return events

    def _serve(self) -> None:
        while (attempt := self._tasks.get()) is not None:
            self._run(attempt)

    def _run(self, attempt: Attempt | None) -> None:
        if attempt is None:
            return
        key = attempt.key
        if key in self._stops:
            self._events.put(Ended(key, self._stops[key], reason="stopped before it began"))
            return
        self._events.put(Started(key, 0))
        channel = _DirectChannel(attempt, self._events.put, lambda: key in self._stops)
        try:
            outcome = self._call(attempt, channel)
        except KeyboardInterrupt as error:
            if not self._threads:
                raise
            outcome = outcome_of(error)
        self._events.put(self._end(channel, outcome))

    def _call(self, attempt: Attempt, channel: Channel) -> Outcome:
        def called() -> Outcome:
            return call(lambda: self._load(attempt.target), attempt.payload, channel)

        if attempt.folder is None or self._threads:
            return called()
        with ExitStack() as stack:
            try:
                log = stack.enter_context(files.printing_to(attempt.folder))
            except OSError as error:
                return Outcome(AttemptState.FAILED, reason=f"{attempt.folder}: {error.strerror}")
            outcome = called()
            with suppress(Exception):  # the attempt closed it; its disk is full
                log.write(outcome.trace)
        return outcome

    def _load(self, target: str) -> Target:
        function: Target = self._functions.get(target) or load_target(target)
        return function

    def _end(self, channel: _DirectChannel, outcome: Outcome) -> Ended:
        attempt = channel.attempt
        ended = Ended(
            attempt.key,
            outcome.state,
            outcome.metrics,
            outcome.reason,
            channel.seconds,
            channel.compile_seconds,
            outcome.fingerprint,
        )
        if channel.seen_stop and outcome.state is AttemptState.OK:
            if channel.late:
                reason = f"ran longer than {attempt.limits.wall_s:g} s"
                return replace(ended, state=AttemptState.TIMED_OUT, metrics=None, reason=reason)
            return replace(ended, state=self._stops[attempt.key], reason="stopped on request")
        if attempt.folder is not None:
            files.keep(attempt.folder, ended, outcome.trace)
        return ended


class _DirectChannel(Channel):
    def __init__(
        self, attempt: Attempt, emit: Callable[[Event], None], stopped: Callable[[], bool]
    ) -> None:
        self._attempt = attempt
        self._emit = emit
        self._stopped = stopped
        self._start = time.monotonic()
        wall_s = attempt.limits.wall_s
        self._wall_s = math.inf if wall_s is None else wall_s
        self.seen_stop = False
        self.compile_seconds = 0.0

    @property
    def attempt(self) -> Attempt:
        return self._attempt

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    @property
    def late(self) -> bool:
        return self.seconds > self._wall_s

    @property
    def should_stop(self) -> bool:
        stop = self._stopped() or self.late
        self.seen_stop = self.seen_stop or stop
        return stop

    def report(self, metrics: Mapping[str, float], step: float) -> None:
        self._emit(Report(self._attempt.key, plain_metrics(metrics), step))

    def progress(self) -> None:
        pass  # nothing waits for it

    @contextmanager
    def compiling(self) -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            self.compile_seconds += time.monotonic() - start
