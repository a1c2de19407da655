"""The local executor: how attempts live, end and are ended."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from vega_core.errors import RunFailed
from vega_core.execute import Attempt, Ended, Key, Report, Started


def test_an_attempt_returns_its_metrics(lab, local):
    events = lab.events(local(), attempt := lab.attempt("double", {"x": 21}))
    started, ended = events
    assert isinstance(started, Started)
    assert started.key == attempt.key
    assert isinstance(ended, Ended)
    assert (ended.state, ended.metrics, ended.reason) == ("ok", {"y": 42}, "")
    assert 0 < ended.seconds < 5


def test_workers_stay_warm_and_share_the_cores(lab, local, monkeypatch):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    executor = local(2)
    ends = lab.run(executor, *(lab.attempt("describe", {"seconds": 0.1}) for _ in range(10)))
    assert len({end.metrics["pid"] for end in ends}) == 2
    assert {end.metrics["threads"] for end in ends} == {executor.threads}
    assert executor.threads == max(1, len(os.sched_getaffinity(0)) // 2)
    for end in ends:
        assert end.metrics["group"] == end.metrics["pid"] != os.getpgid(0)
        assert end.metrics["parent"] == os.getpid()


def test_a_smaller_number_of_threads_of_the_user_stands(lab, local, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (end,) = lab.run(local(threads=4), lab.attempt("describe"))
    assert end.metrics["threads"] == 1


@pytest.mark.parametrize(
    ("number", "state", "name"),
    [
        (signal.SIGKILL, "lost", "SIGKILL"),
        (signal.SIGTERM, "lost", "SIGTERM"),
        (signal.SIGSEGV, "failed", "SIGSEGV"),
        (signal.SIGABRT, "failed", "SIGABRT"),
    ],
)
def test_a_signal_is_named_and_the_others_are_untouched(lab, local, number, state, name):
    executor = local(2)
    dying = lab.attempt("kill_self", {"signal": int(number)})
    others = [lab.attempt("double", {"x": x}) for x in range(8)]
    end, *rest = lab.run(executor, dying, *others)
    assert end.state == state
    assert name in end.reason
    assert [other.metrics for other in rest] == [{"y": 2 * x} for x in range(8)]


def test_a_crash_leaves_its_trace_in_the_log(lab, local, tmp_path):
    (end,) = lab.run(local(), lab.attempt("crash", folder=tmp_path))
    assert end.state == "failed"
    assert "SIGSEGV (signal 11)" in end.reason
    log = (tmp_path / "log.txt").read_text()
    assert "Segmentation fault" in log
    assert "targets.py" in log


def test_an_exit_without_a_result_is_a_failure(lab, local):
    executor = local()
    for name in ("exit_hard", "exit_soft"):
        for code in (0, 3):
            (end,) = lab.run(executor, lab.attempt(name, {"code": code}))
            assert (end.state, end.reason) == ("failed", f"exit {code} without a result")


def test_an_exception_is_told_in_a_line_and_kept_in_full(lab, local, tmp_path):
    executor = local()
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    first, second = lab.run(
        executor, *(lab.attempt("fail", {"kind": "value"}, folder=folder) for folder in folders)
    )
    assert first.state == "failed"
    assert first.reason == "ValueError: a wrong value"
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint.startswith("ValueError at ")
    trace = (folders[0] / "error.txt").read_text()
    assert trace.startswith("Traceback")
    assert "second line" in trace
    assert "targets.py" in trace
    assert "outcome.py" not in trace
    assert "a wrong value" in (folders[0] / "log.txt").read_text()
    (user,) = lab.run(executor, lab.attempt("fail", {"kind": "user"}))
    assert user.reason == "the batch size is 0; use at least 1"
    assert user.fingerprint != first.fingerprint


@pytest.mark.parametrize(("kind", "state"), [("nan", "nan"), ("memory", "oom"), ("device", "oom")])
def test_some_exceptions_have_a_state_of_their_own(lab, local, kind, state):
    (end,) = lab.run(local(), lab.attempt("fail", {"kind": kind}))
    assert end.state == state


def test_what_an_attempt_does_to_its_streams_harms_no_other(lab, local, tmp_path):
    executor = local()
    names = ["fail", "break_streams", "describe"]
    odd, broken, after = lab.run(
        executor, *(lab.attempt(name, {"kind": "odd"}, folder=tmp_path) for name in names)
    )
    assert (odd.state, odd.reason) == ("failed", "Odd")
    assert (broken.state, broken.fingerprint[:10]) == ("failed", "ValueError")
    assert after.state == "ok"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_targets_may_have_processes_of_their_own(lab, local, method):
    (end,) = lab.run(local(), lab.attempt("with_pool", {"method": method}, wall_s=15))
    assert (end.metrics, end.reason) == ({"y": 3}, "")


def test_a_target_that_cannot_be_imported_fails(lab, local):
    executor = local()
    ends = lab.run(
        executor,
        *(
            Attempt(Key("s", n, 1.0, 1), target, {})
            for n, target in enumerate(["no_such_module:f", "json:no_such_name", "nonsense"])
        ),
        lab.attempt("double", {"x": 1}),
    )
    assert [end.state for end in ends] == ["failed"] * 3 + ["ok"]
    assert "no_such_module" in ends[0].reason
    assert "no_such_name" in ends[1].reason


def test_a_stubborn_attempt_is_killed_after_its_time(lab, local):
    executor = local()
    start = time.monotonic()
    (end,) = lab.run(executor, lab.attempt("hang", {"stubborn": True}, wall_s=0.5))
    assert (end.state, end.reason) == ("timed_out", "ran longer than 0.5 s")
    assert 0.5 <= end.seconds < 2
    assert time.monotonic() - start < 3
    (after,) = lab.run(executor, lab.attempt("double", {"x": 1}))
    assert after.state == "ok"


def test_reports_and_marks_hold_the_no_progress_clock(lab, local):
    executor = local(2)
    hung, moving, compiling, short = lab.run(
        executor,
        lab.attempt("hang", {"reports": 10}, progress_s=0.4),
        lab.attempt("slow_progress", progress_s=0.4),
        lab.attempt("slow_compile", {"seconds": 0.8}, progress_s=0.4),
        lab.attempt("slow_compile", {"seconds": 5}, progress_s=0.4, wall_s=0.7),
    )
    assert (hung.state, hung.reason) == ("timed_out", "no progress for 0.4 s")
    assert hung.seconds > 0.8
    assert moving.state == "ok"
    assert compiling.state == "ok"
    assert 0.8 <= compiling.compile_seconds <= compiling.seconds
    assert (short.state, short.reason) == ("timed_out", "ran longer than 0.7 s")


@pytest.mark.parametrize("way", ["die", "hang", "return"])
def test_grandchildren_do_not_outlive_their_worker(lab, local, processes, tmp_path, way):
    executor = local()
    file = tmp_path / "pid"
    (end,) = lab.run(
        executor, lab.attempt("with_grandchild", {"file": str(file), way: True}, wall_s=0.5)
    )
    assert end.state == {"die": "failed", "hang": "timed_out", "return": "ok"}[way]
    executor.close()
    processes.wait_until(lambda: not processes.alive(int(file.read_text())))


def test_memory_over_the_limit_is_oom(lab, local):
    executor = local(2)
    greedy, other = lab.run(
        executor, lab.attempt("allocate", memory_mb=150), lab.attempt("double", {"x": 1})
    )
    assert greedy.state == "oom"
    assert "over the limit of 150 MB" in greedy.reason
    assert other.state == "ok"


def test_a_kill_by_the_kernel_for_memory_is_oom(lab, local):
    kills = iter([0, 1, 1])
    executor = local(kills=lambda: next(kills))
    first, second = [
        lab.run(executor, lab.attempt("kill_self", {"signal": int(signal.SIGKILL)}))[0]
        for _ in range(2)
    ]
    assert first.state == "oom"
    assert second.state == "lost"


def test_numbers_survive_the_way(lab, local):
    values = {"nan": float("nan"), "up": float("inf"), "down": float("-inf"), "x": 0.1, "n": 3}
    (end,) = lab.run(local(), lab.attempt("echo", {"metrics": values}))
    assert end.state == "ok"
    assert repr(end.metrics) == repr(values)


def test_numpy_scalars_become_numbers(lab, local):
    (end,) = lab.run(local(), lab.attempt("odd_metrics"))
    assert end.metrics == {"float32": 0.5, "zero_d": 3, "one": 2.5, "flag": True, "int": 7}


@pytest.mark.parametrize("kind", ["none", "text", "complex", "list", "bare", "key", "nothing"])
def test_what_is_no_metric_is_a_failure_that_says_so(lab, local, kind):
    (end,) = lab.run(local(), lab.attempt("bad_metrics", {"kind": kind}))
    assert end.state == "failed"
    assert end.reason.startswith("TypeError: ")
    assert "metric" in end.reason


def test_reports_come_in_order(lab, local):
    reports = [{"loss": 1 / (n + 1)} for n in range(50)]
    events = lab.events(local(), lab.attempt("report_all", {"reports": reports}))
    got = [event for event in events if isinstance(event, Report)]
    assert [event.metrics for event in got] == reports
    assert [event.step for event in got] == list(range(50))


def test_huge_payloads_and_reports_pass(lab, local):
    n, length = 100_000, 3_000_000
    attempt = lab.attempt("huge", {"n": n, "text": "é" * length})
    _, report, end = lab.events(local(), attempt)
    assert len(report.metrics) == n
    assert report.metrics["metric-70"] == 10.0
    assert end.metrics == {"text-length": length}


def test_noise_of_the_target_is_no_protocol(lab, local, tmp_path):
    executor = local()
    for folder in (None, tmp_path):
        (end,) = lab.run(executor, lab.attempt("noise", folder=folder))
        assert end.metrics == {"y": 1}
    log = (tmp_path / "log.txt").read_bytes()
    assert b"from a child" in log
    assert b"\x00\xff raw bytes" in log
    assert log.endswith(b"no newline at the end")


def test_text_of_every_kind_passes(lab, local, tmp_path):
    folder = tmp_path / "Ünïcode % folder 'x'"
    folder.mkdir()
    metrics = {"größe ✓ \U0001f600": 1.5, 'quote"\\\n': 2.0, "\udcff": 3.0}
    executor = local()
    (end,) = lab.run(executor, lab.attempt("echo", {"metrics": metrics}, folder=folder))
    assert end.metrics == metrics
    (end,) = lab.run(executor, lab.attempt("describe", folder=folder))
    assert end.state == "ok"
    assert "hello wörld \\ud800" in (folder / "log.txt").read_text()


def test_output_outside_of_folders_goes_to_the_workers_log(lab, local, tmp_path):
    lab.run(local(log_folder=tmp_path / "workers"), lab.attempt("describe"))
    assert "hello wörld" in (tmp_path / "workers" / "worker-0.log").read_text()


def test_stop_by_name_prunes_and_stop_of_all_cancels(lab, local):
    executor = local(2)
    attempts = [lab.attempt("until_stopped") for _ in range(4)]
    for attempt in attempts:
        executor.submit(attempt)
    events = []
    while sum(isinstance(event, Report) for event in events) < 2:
        events += executor.poll(5)
    first, second, third, fourth = (attempt.key for attempt in attempts)
    executor.request_stop(first)
    executor.request_stop(fourth)
    while not any(isinstance(event, Ended) and event.key == first for event in events):
        events += executor.poll(5)
    executor.request_stop()
    while executor.in_flight:
        executor.request_stop()
        events += executor.poll(5)
    ends = {event.key: event for event in events if isinstance(event, Ended)}
    assert (ends[first].state, ends[fourth].state) == ("pruned", "pruned")
    assert ends[first].metrics["steps"] >= 0
    assert ends[fourth].metrics is None
    assert ends[second].state == "cancelled"
    assert ends[second].metrics["steps"] > 0
    assert ends[third].state == "cancelled"


def test_kill_ends_an_attempt_at_once(lab, local):
    executor = local(2)
    attempts = [lab.attempt("hang", {"stubborn": True}) for _ in range(3)]
    for attempt in attempts:
        executor.submit(attempt)
    events = []
    while sum(isinstance(event, Started) for event in events) < 2:
        events += executor.poll(5)
    executor.kill()
    start = time.monotonic()
    while executor.in_flight:
        events += executor.poll(5)
    assert time.monotonic() - start < 1
    assert [e.state for e in events if isinstance(e, Ended)] == ["cancelled"] * 3


def test_close_gives_the_rest_of_the_ends_and_leaves_nothing(lab, local, processes):
    executor = local(2)
    attempts = [lab.attempt("hang", {"stubborn": True}) for _ in range(5)]
    for attempt in attempts:
        executor.submit(attempt)
    events = []
    while sum(isinstance(event, Started) for event in events) < 2:
        events += executor.poll(5)
    workers = [event.worker for event in events if isinstance(event, Started)]
    assert all(len(processes.of_session(worker)) == 2 for worker in workers)  # with its guardian
    start = time.monotonic()
    events += executor.close()
    assert time.monotonic() - start < 2
    ends = [event for event in events if isinstance(event, Ended)]
    assert sorted(end.key for end in ends) == [attempt.key for attempt in attempts]
    assert {end.state for end in ends} == {"cancelled"}
    assert executor.in_flight == ()
    assert executor.close() == []
    for worker in workers:
        processes.wait_until(lambda worker=worker: not processes.of_session(worker))
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(attempts[0])


def test_wake_ends_a_wait_and_a_wait_ends_in_time(lab, local):
    executor = local()
    executor.submit(lab.attempt("hang"))
    assert isinstance(executor.poll()[0], Started)
    start = time.monotonic()
    assert executor.poll(0.2) == []
    assert 0.15 < time.monotonic() - start < 1
    threading.Timer(0.2, executor.wake).start()
    start = time.monotonic()
    assert executor.poll() == []
    assert time.monotonic() - start < 2
    assert executor.poll(0) == []


def test_poll_returns_at_once_where_nothing_is_in_flight(local):
    assert local().poll() == []


def test_misuse_is_refused(lab, local):
    executor = local()
    attempt = lab.attempt("hang")
    executor.submit(attempt)
    with pytest.raises(ValueError, match="in flight already"):
        executor.submit(attempt)
    with pytest.raises(TypeError, match="object"):
        executor.submit(lab.attempt("double", {"x": object()}))
    caught = []

    def elsewhere():
        try:
            executor.poll(0)
        except RuntimeError as error:
            caught.append(str(error))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "thread" in caught[0]
    assert executor.in_flight == (attempt.key,)


def test_workers_are_replaced_when_worn(lab, local):
    def pids(executor, count, name="describe", payload=None):
        ends = [lab.run(executor, lab.attempt(name, payload))[0] for _ in range(count)]
        return [end.metrics["pid"] for end in ends]

    by_count = pids(local(recycle_after=3), 7)
    assert [by_count.count(pid) for pid in dict.fromkeys(by_count)] == [3, 3, 1]
    by_growth = pids(local(recycle_growth_mb=50), 4, "grow", {"mb": 40})
    assert [by_growth.count(pid) for pid in dict.fromkeys(by_growth)] == [3, 1]


def test_a_worker_is_replaced_after_two_failures_in_a_row(lab, local):
    executor = local()
    names = ["describe", "fail", "describe", "fail", "fail", "describe"]
    events = [lab.events(executor, lab.attempt(name, {"kind": "value"})) for name in names]
    first, second, third, *_, last = [started.worker for started, _ in events]
    assert first == second == third != last


def test_a_target_that_closes_the_pipes_is_ended(lab, local):
    executor = local()
    end, after = lab.run(executor, lab.attempt("close_everything"), lab.attempt("double", {"x": 1}))
    assert (end.state, end.reason) == ("failed", "closed its pipe to the driver")
    assert after.state == "ok"


def test_a_fork_that_comes_back_is_no_second_worker(lab, local):
    executor = local()
    ends = [lab.run(executor, lab.attempt("fork_and_return"))[0] for _ in range(5)]
    assert len({end.metrics["pid"] for end in ends}) == 1


def test_a_changed_working_folder_is_put_back(lab, local):
    executor = local()
    lab.run(executor, lab.attempt("wander"))
    (end,) = lab.run(executor, lab.attempt("where", {"folder": str(Path.cwd())}))
    assert end.metrics["same"]


def test_a_missing_folder_is_a_failure_that_names_it(lab, local, tmp_path):
    (end,) = lab.run(local(), lab.attempt("double", {"x": 1}, folder=tmp_path / "gone"))
    assert end.state == "failed"
    assert "gone" in end.reason


def test_descriptors_and_processes_do_not_leak(lab, local):
    def descriptors():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    executor = local(2, recycle_after=20)
    ends = lab.run(executor, *(lab.attempt("count_descriptors") for _ in range(200)))
    assert len({end.metrics["pid"] for end in ends}) >= 10
    assert len({end.metrics["open"] for end in ends}) == 1
    executor.close()
    assert descriptors() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_workers_that_do_not_start_end_the_run_with_their_words(lab, local):
    executor = local(environment={"PYTHONHOME": "/nonexistent"})
    executor.submit(lab.attempt("double", {"x": 1}))
    with pytest.raises(RunFailed, match="do not start"):
        list(iter(lambda: executor.poll(5), "never"))
    (end,) = executor.close()
    assert end.state == "cancelled"


def test_a_machine_out_of_processes_lowers_the_slots(lab, local, monkeypatch):
    from vega_core.execute import process

    executor = local(2)
    lab.run(executor, lab.attempt("double", {"x": 1}))

    def no_more(*args, **kwargs):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(process.subprocess, "Popen", no_more)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.warns(RuntimeWarning, match="only 1 workers"):
        ends = lab.run(executor, *(lab.attempt("double", {"x": x}) for x in range(6)))
    assert [end.metrics["y"] for end in ends] == [0, 2, 4, 6, 8, 10]
    assert executor.slots == 1
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    with pytest.raises(RunFailed, match="cannot start a worker"):
        local().submit(lab.attempt("double", {"x": 1}))


def test_a_thousand_instant_attempts(lab, local):
    executor = local(2)
    lab.run(executor, lab.attempt("double", {"x": 0}), lab.attempt("double", {"x": 0}))
    start = time.perf_counter()
    ends = lab.run(executor, *(lab.attempt("double", {"x": x}) for x in range(1000)))
    rate = 1000 / (time.perf_counter() - start)
    print(f"{rate:.0f} instant attempts a second with 2 workers")
    assert [end.metrics["y"] for end in ends] == [2 * x for x in range(1000)]
    assert rate > 100  # on a busy machine; several thousand on an idle one
