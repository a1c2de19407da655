"""The clocks of one running attempt; all times are of the monotonic clock."""

from __future__ import annotations

import math

from vega_core.execute.records import Limits


class Clock:
    """Wall clock and no-progress clock.

    Args:
        limits: The attempt's limits.
        now: Time of its start, in seconds.
    """

    def __init__(self, limits: Limits, now: float) -> None:
        self.started = now
        self._wall = now + _or_never(limits.wall_s)
        self._patience = _or_never(limits.progress_s)
        self._limits = limits
        self._progressed = now
        self._compiling = False

    def progress(self, now: float) -> None:
        """Restarts the no-progress clock."""
        self._progressed = now

    def compiling(self, on: bool, now: float) -> None:
        """Stops the no-progress clock, or starts it anew."""
        self._compiling = on
        self._progressed = now

    @property
    def deadline(self) -> float:
        """When the next of the limits is reached; infinity for never."""
        stalled = math.inf if self._compiling else self._progressed + self._patience
        return min(self._wall, stalled)

    def overrun(self, now: float) -> str:
        """Which limit is exceeded, as a reason, or an empty string."""
        if now >= self._wall:
            return f"ran longer than {self._limits.wall_s:g} s"
        if now >= self.deadline:
            return f"no progress for {self._limits.progress_s:g} s"
        return ""


def _or_never(seconds: float | None) -> float:
    return math.inf if seconds is None else seconds
