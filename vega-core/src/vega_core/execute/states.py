"""States of an attempt; each final one names its cause."""

from __future__ import annotations

import signal
from enum import Enum


class AttemptState(str, Enum):
    """State of one try at an evaluation.

    An attempt moves from ``queued`` to ``running`` and then to exactly one final state. The values
    are plain strings, so a state compares and serialises as its name.

    Attributes:
        QUEUED: Handed to an executor, not started.
        RUNNING: A worker has it.
        OK: It returned metrics.
        PRUNED: It was asked by name to stop early, and did.
        FAILED: It raised, crashed or exited without a result.
        NAN: It raised ``NotFiniteError``, or the driver found its objective not finite.
        TIMED_OUT: It exceeded its wall-clock or its no-progress limit.
        OOM: It exceeded its memory limit or the machine's memory.
        LOST: Its worker was killed from outside; nothing is known against the trial itself.
        CANCELLED: It was stopped together with the run.
    """

    QUEUED = "queued"
    RUNNING = "running"
    OK = "ok"
    PRUNED = "pruned"
    FAILED = "failed"
    NAN = "nan"
    TIMED_OUT = "timed_out"
    OOM = "oom"
    LOST = "lost"
    CANCELLED = "cancelled"

    __str__ = str.__str__  # the name alone, on every version of Python

    @property
    def final(self) -> bool:
        """Whether the attempt has ended."""
        return self not in (AttemptState.QUEUED, AttemptState.RUNNING)

    @property
    def retryable(self) -> bool:
        """Whether another attempt may end differently though nothing was changed."""
        return self is AttemptState.LOST


# Signals that a process raises on itself by a bug; any other comes from outside.
_CRASHES = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSYS}
)


def state_of_exit(code: int, *, out_of_memory: bool = False) -> tuple[AttemptState, str]:
    """State and reason of an attempt whose worker ended without a result.

    Args:
        code: Exit status as ``subprocess`` gives it: negative is the number of a signal.
        out_of_memory: Whether the kernel killed for memory meanwhile.
    """
    if code >= 0:
        return AttemptState.FAILED, f"exit {code} without a result"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "signal"
    if code == -signal.SIGKILL and out_of_memory:
        return AttemptState.OOM, "killed by the kernel for memory (SIGKILL, signal 9)"
    if -code in _CRASHES:
        return AttemptState.FAILED, f"crashed with {name} (signal {-code})"
    return AttemptState.LOST, f"worker killed by {name} (signal {-code})"
