"""Every attempt ends exactly once, whatever happens to the workers meanwhile."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from vega_core.execute import Ended, Started

KINDS = [
    ("double", {"x": 1}, {}, {"ok"}),
    ("report_all", {"reports": [{"loss": 1.0}] * 5}, {}, {"ok"}),
    ("fail", {"kind": "value"}, {}, {"failed"}),
    ("exit_hard", {"code": 3}, {}, {"failed"}),
    ("kill_self", {"signal": int(signal.SIGKILL)}, {}, set()),
    ("kill_self", {"signal": int(signal.SIGSEGV)}, {}, {"failed"}),
    ("hang", {}, {"wall_s": 0.1}, {"timed_out"}),
    ("until_stopped", {}, {"wall_s": 5}, {"pruned"}),
]
# A worker may be killed from outside in the middle of anything.
ALWAYS = {"lost", "pruned", "cancelled"}


def storm(lab, executor, count, seed):
    rng = random.Random(seed)
    todo = [(lab.attempt(n, p, **limits), ok) for n, p, limits, ok in rng.choices(KINDS, k=count)]
    allowed = {attempt.key: states | ALWAYS for attempt, states in todo}
    workers, lives = {}, Counter()
    states = Counter()
    until = time.monotonic() + 30 + count
    while todo or executor.in_flight:
        assert time.monotonic() < until
        while todo and executor.free:
            executor.submit(todo.pop()[0])
        for event in executor.poll(0.05):
            if isinstance(event, Started):
                workers[event.key] = event.worker
            elif isinstance(event, Ended):
                workers.pop(event.key, None)
                lives[event.key] += 1
                states[event.state.value] += 1
                assert event.state in allowed[event.key], event
        for key in rng.sample(executor.in_flight, min(1, len(executor.in_flight))):
            act = rng.random()
            if act < 0.15:
                executor.request_stop(key)
            elif act < 0.2:
                executor.kill(key)
            elif act < 0.25 and key in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(workers[key], signal.SIGKILL)
    assert set(lives.values()) == {1}
    assert len(lives) == count == len(allowed)
    return states


def test_a_storm_of_deaths(lab, local):
    states = storm(lab, local(3, grace_s=0.1), 60, seed=4)
    assert {"ok", "failed", "timed_out"} <= set(states)


@pytest.mark.soak
def test_a_long_storm_leaks_nothing(lab, local):
    def size():
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * 4 // 1024
        return len(list(Path("/proc/self/fd").iterdir())), resident

    executor = local(3, grace_s=0.1)
    storm(lab, executor, 200, seed=1)
    before = size()
    for seed in range(2, 12):
        print(dict(storm(lab, executor, 200, seed)))
    after = size()
    assert after[0] <= before[0] + 12  # workers differ in whether they are there
    assert after[1] <= before[1] + 20
