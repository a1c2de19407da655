"""A worker process with what it does now and what is to become of it."""

from __future__ import annotations

import math
import signal
from dataclasses import dataclass, replace

from vega_core.execute.clock import Clock
from vega_core.execute.messages import end_of
from vega_core.execute.options import LocalOptions
from vega_core.execute.pipes import Message
from vega_core.execute.process import WorkerProcess
from vega_core.execute.records import Attempt, Ended, Event, Report, Started
from vega_core.execute.states import AttemptState, state_of_exit

_FAILURES = 2  # in a row: what a failure leaves in a process may be why the next one fails
_EXIT_S = 5.0
_AGAIN_S = 1.0


@dataclass(slots=True)
class _Running:
    attempt: Attempt
    serial: int
    clock: Clock
    stop: AttemptState | None = None  # what a return means after the attempt was asked to stop
    verdict: tuple[AttemptState, str] | None = None  # why it is being killed


class Supervised:
    """A worker from its start to its end.

    It is *ready* once it has said so, *idle* while it is ready and has no attempt, and *leaving*
    once it gets no further one. All times are of the monotonic clock.

    Args:
        process: The process.
        slot: Number of its log.
        now: Time of its start.
        start_s: Seconds that it has to become ready.
    """

    def __init__(self, process: WorkerProcess, slot: int, now: float, start_s: float) -> None:
        self.process = process
        self.slot = slot
        self.ready = False
        self.leaving = False
        self._served = 0
        self._running: _Running | None = None
        self._kill_at = now + start_s
        self._first_mb = 0.0
        self._resident_mb = 0.0
        self._failures = 0

    @property
    def idle(self) -> bool:
        """Whether it can take an attempt."""
        return self.ready and self._running is None and not self.leaving

    @property
    def attempt(self) -> Attempt | None:
        """The attempt that it has."""
        return self._running.attempt if self._running else None

    @property
    def limit_mb(self) -> float:
        """Memory limit of its attempt, in MiB; infinity for none."""
        limit = self._running.attempt.limits.memory_mb if self._running else None
        return _or_never(limit)

    @property
    def deadline(self) -> float:
        """When ``check`` has something to do; infinity for never."""
        running = self._running
        clock = running.clock.deadline if running and not running.verdict else math.inf
        return min(self._kill_at, clock)

    def worn(self, options: LocalOptions) -> bool:
        """Whether a new process is better than another attempt in this one."""
        return (
            self._failures >= _FAILURES
            or self._served >= _or_never(options.recycle_after)
            or self._resident_mb - self._first_mb > _or_never(options.recycle_growth_mb)
        )

    def start(self, attempt: Attempt, serial: int, line: bytes, now: float) -> Started:
        """Hands it an attempt; ``line`` is the packed message."""
        self._running = _Running(attempt, serial, Clock(attempt.limits, now))
        self.process.send_line(line)
        return Started(attempt.key, self.process.pid)

    def request_stop(self, state: AttemptState) -> None:
        """Asks its attempt to stop; a return after that is of the given state."""
        running = self._running
        if running and running.stop is not state:
            running.stop = state
            self.process.send({"stop": running.serial})

    def condemn(self, state: AttemptState, reason: str, now: float, grace_s: float) -> None:
        """Ends it because of its attempt: SIGTERM, and SIGKILL after the grace; or that at once."""
        running = self._running
        if running and running.verdict is None:
            running.verdict = state, reason
        self.leaving = True
        if grace_s > 0:
            self._kill_at = min(self._kill_at, now + grace_s)
            self.process.signal_group(signal.SIGTERM)
        else:
            self._kill_at = now + _AGAIN_S  # once more then, for what was forked meanwhile
            self.process.signal_group(signal.SIGKILL)

    def leave(self, now: float) -> None:
        """Lets it exit, being idle."""
        self.leaving = True
        self._kill_at = now + _EXIT_S
        self.process.send({"exit": True})

    def hung_up(self, now: float) -> None:
        """Takes note that its pipe has ended, which comes just before its exit."""
        self._kill_at = min(self._kill_at, now + _AGAIN_S)

    def check(self, now: float, grace_s: float) -> None:
        """Enforces the time limits."""
        running = self._running
        if now >= self._kill_at:
            self.condemn(AttemptState.FAILED, "closed its pipe to the driver", now, 0)
        elif running and not running.verdict and (reason := running.clock.overrun(now)):
            self.condemn(AttemptState.TIMED_OUT, reason, now, grace_s)

    def take(self, message: Message, now: float) -> Event | None:
        """Takes a message from it and returns the event that it means."""
        if "ready" in message:
            self.ready = True
            self._kill_at = math.inf
            return None
        running = self._running
        if running is None or message.get("serial") != running.serial:
            return None
        if running.verdict:  # too late; what it does now changes nothing
            self._kill_at = now if "end" in message else self._kill_at
            return None
        if "end" in message:
            return self._end(running, message)
        if "compiling" in message:
            running.clock.compiling(message["compiling"], now)
        else:
            running.clock.progress(now)
        if "report" in message:
            report = message["report"]
            return Report(running.attempt.key, report["metrics"], report["step"])
        return None

    def exited(self, code: int, now: float, *, out_of_memory: bool) -> Ended | None:
        """Takes its exit status and returns the end of its attempt, if it had one."""
        running, self._running = self._running, None
        if running is None:
            return None
        state, reason = running.verdict or state_of_exit(code, out_of_memory=out_of_memory)
        return Ended(running.attempt.key, state, None, reason, now - running.clock.started)

    def _end(self, running: _Running, message: Message) -> Ended:
        self._running = None
        self._served += 1
        self._resident_mb = message["resident_mb"]
        self._first_mb = self._first_mb or self._resident_mb
        ended = end_of(message["end"])
        if message["stopped"] and running.stop:
            return replace(ended, state=running.stop, reason="stopped on request")
        if ended.state is AttemptState.OOM:
            self._failures = _FAILURES
        elif ended.state is AttemptState.FAILED:
            self._failures += 1
        else:
            self._failures = 0
        return ended


def _or_never(limit: float | None) -> float:
    return math.inf if limit is None else limit
