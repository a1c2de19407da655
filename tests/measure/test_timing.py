from __future__ import annotations

import os
import time

import pytest

from vega_core.measure.timing import pinned, timed


def busy(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def test_the_median_is_what_a_call_takes():
    found = timed(lambda: busy(0.003), warm_up=0.01, max_seconds=3)
    assert found.median == pytest.approx(3, rel=0.1)
    assert found.p10 <= found.p90 <= found.p99
    assert found.calls >= 5


def test_other_work_shows_in_the_percentiles_and_not_in_the_median():
    calls = iter(range(10**6))

    def sometimes_slow():
        busy(0.006 if next(calls) // 40 % 2 else 0.002)

    found = timed(sometimes_slow, warm_up=0.01, max_seconds=3)
    assert found.median == pytest.approx(2, rel=0.1)
    assert found.p90 > 2 * found.median


def test_measuring_ends_in_time():
    calls = iter(range(10**6))
    begun = time.perf_counter()
    found = timed(lambda: busy(0.0005 * (1 + next(calls) % 97)), tolerance=1e-9, max_seconds=0.5)
    assert time.perf_counter() - begun < 3
    assert not found.settled
    assert found.spread > 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_a_thread_is_pinned_only_meanwhile():
    before = os.sched_getaffinity(0)
    with pinned(1):
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
