"""How long a call takes, on a machine that does other work too."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import numpy as np

_BLOCK_SECONDS: Final = 0.02
_BLOCK_CALLS: Final = 3
_BLOCKS: Final = 12
"""Least number of blocks, if there is time."""
_FEWEST: Final = 3
"""Least number of blocks in any case, and of quiet ones."""
_QUIET: Final = 4
"""One in so many blocks is counted as quiet."""


@dataclass(frozen=True)
class Timing:
    """What was measured of a call, in milliseconds.

    Attributes:
        median: Of the quiet blocks' medians.
        p10: The fastest tenth of all calls were at most this.
        p90: All but the slowest tenth.
        p99: All but the slowest hundredth.
        spread: Range of the quiet blocks' medians, as a fraction of ``median``.
        calls: How many were timed.
        settled: Whether the spread became as small as it should within the time.
    """

    median: float
    p10: float
    p90: float
    p99: float
    spread: float
    calls: int
    settled: bool


def timed(
    call: Callable[[], object],
    *,
    warm_up: float = 0.2,
    tolerance: float = 0.02,
    max_seconds: float = 10,
) -> Timing:
    """Measures a call again and again, until it is known well enough.

    Calls are timed one by one, in blocks of 20 ms or of three calls. Other work on the machine
    makes whole blocks slower and none faster, so the quietest quarter of the blocks stands for the
    call alone; measuring ends when their medians agree. The percentiles are of all calls: they show
    what else there was.

    Args:
        call: What is measured.
        warm_up: Seconds of calls that do not count.
        tolerance: The spread to reach.
        max_seconds: When measuring ends at the latest, but for nine calls that there are always.
    """
    begun = time.perf_counter()
    while time.perf_counter() < begun + warm_up:
        call()
    begun = time.perf_counter()
    calls: list[float] = []
    medians: list[float] = []
    settled = False
    while not settled and (len(medians) < _FEWEST or time.perf_counter() < begun + max_seconds):
        block = _block(call)
        calls += block
        medians.append(float(np.median(block)))
        settled = len(medians) >= _BLOCKS and _spread(_quiet(medians)) <= tolerance
    quiet = _quiet(medians)
    p10, p90, p99 = (float(value) * 1000 for value in np.percentile(calls, (10, 90, 99)))
    median = float(np.median(quiet)) * 1000
    return Timing(median, p10, p90, p99, _spread(quiet), len(calls), settled)


@contextmanager
def pinned(threads: int) -> Iterator[None]:
    """Keeps this thread, and those that it starts, to as many cores as there are threads.

    Where the system cannot, or has not so many, nothing changes.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    # A sandbox may refuse it; then the spread tells what that does.
    with suppress(OSError):
        # The last ones: what is bound to none, and interrupts, often begin at the first.
        os.sched_setaffinity(0, sorted(before)[-threads:])
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, before)


def _block(call: Callable[[], object]) -> list[float]:
    found: list[float] = []
    end = time.perf_counter() + _BLOCK_SECONDS
    while len(found) < _BLOCK_CALLS or time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        found.append(time.perf_counter() - begin)
    return found


def _quiet(medians: list[float]) -> list[float]:
    return sorted(medians)[: max(_FEWEST, len(medians) // _QUIET)]


def _spread(values: list[float]) -> float:
    return (max(values) - min(values)) / float(np.median(values))
