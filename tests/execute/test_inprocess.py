"""The in-process executor: the same contract without processes."""

from __future__ import annotations

import threading
import time

import pytest

from vega_core.execute import Attempt, Ended, Key, Limits, Report, Started
from vega_core.execute.files import read_result
from vega_core.execute.inprocess import InProcessExecutor


@pytest.fixture(params=[0, 2], ids=["here", "threads"])
def executor(request):
    with InProcessExecutor(request.param) as made:
        yield made


def test_attempts_live_as_in_processes(lab, executor):
    attempts = [lab.attempt("double", {"x": x}) for x in range(10)]
    assert [end.metrics for end in lab.run(executor, *attempts)] == [
        {"y": 2 * x} for x in range(10)
    ]


def test_the_first_poll_runs_and_tells_all(lab):
    executor = InProcessExecutor()
    reports = [{"loss": 0.5}, {"loss": float("inf")}]
    executor.submit(lab.attempt("report_all", {"reports": reports}))
    started, first, second, ended = executor.poll()
    assert isinstance(started, Started)
    assert (first.metrics, second.metrics) == tuple(reports)
    assert isinstance(ended, Ended)
    assert executor.poll() == []


@pytest.mark.parametrize(
    ("kind", "state"), [("value", "failed"), ("user", "failed"), ("nan", "nan"), ("memory", "oom")]
)
def test_exceptions_have_the_same_states(lab, executor, tmp_path, kind, state):
    attempt = lab.attempt("fail", {"kind": kind}, folder=tmp_path)
    (end,) = lab.run(executor, attempt)
    assert end.state == state
    assert "targets.py" in (tmp_path / "error.txt").read_text()
    assert read_result(attempt) == end


def test_functions_that_no_child_could_import(lab, executor):
    offset = 3
    executor.close()
    with InProcessExecutor(1, {"objective": lambda p, c: {"y": p["x"] + offset}}) as executor:
        (end,) = lab.run(executor, Attempt(Key("s", 0, 1.0, 1), "objective", {"x": 1}))
    assert end.metrics == {"y": 4}


def test_stop_is_asked_and_time_is_looked_at(lab):
    with InProcessExecutor(2) as executor:
        attempts = [lab.attempt("until_stopped") for _ in range(3)]
        for attempt in attempts:
            executor.submit(attempt)
        events = []
        while sum(isinstance(event, Report) for event in events) < 2:
            events += executor.poll(5)
        executor.request_stop(attempts[0].key)
        executor.request_stop()
        while executor.in_flight:
            events += executor.poll(5)
    ends = {event.key: event for event in events if isinstance(event, Ended)}
    assert {end.state for end in ends.values()} == {"cancelled"}
    assert ends[attempts[2].key].metrics is None
    attempt = Attempt(Key("s", 9, 1.0, 1), attempts[0].target, {}, None, Limits(wall_s=0.2))
    (end,) = lab.run(InProcessExecutor(), attempt)
    assert (end.state, end.reason) == ("timed_out", "ran longer than 0.2 s")


def test_ctrl_c_passes_through():
    def interrupt(payload, channel):
        raise KeyboardInterrupt

    executor = InProcessExecutor(functions={"interrupt": interrupt})
    executor.submit(Attempt(Key("s", 0, 1.0, 1), "interrupt", {}))
    with pytest.raises(KeyboardInterrupt):
        executor.poll()
    ends = [event for event in executor.close() if isinstance(event, Ended)]
    assert [end.state for end in ends] == ["cancelled"]


def test_threads_wake_and_overlap(lab):
    barrier = threading.Barrier(2, timeout=10)
    meet = {"meet": lambda p, c: {"n": barrier.wait() and 1}}
    with InProcessExecutor(2, meet) as executor:
        ends = lab.run(executor, *(Attempt(Key("s", n, 1.0, 1), "meet", {}) for n in range(2)))
        assert {end.state for end in ends} == {"ok"}
        executor.submit(lab.attempt("until_stopped"))
        events = executor.poll(1) + executor.poll(1)
        assert any(isinstance(event, Report) for event in events)
        threading.Timer(0.1, executor.wake).start()
        start = time.monotonic()
        assert executor.poll() == []
        assert time.monotonic() - start < 2
    assert executor.in_flight == ()
