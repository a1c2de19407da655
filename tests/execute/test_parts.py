"""Parts of the executors by themselves: clocks, states, outcomes, results kept, messages."""

from __future__ import annotations

import math
import os
import signal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core.execute import AttemptState, Ended, Key, Limits
from vega_core.execute.clock import Clock
from vega_core.execute.files import keep, read_result
from vega_core.execute.memory import group_resident_mb, oom_kills, resident_mb
from vega_core.execute.messages import attempt_of, run_message
from vega_core.execute.outcome import outcome_of
from vega_core.execute.pipes import LineReader, pack
from vega_core.execute.states import state_of_exit
from vega_core.store.encoding import loads


def test_the_clock_keeps_its_limits():
    clock = Clock(Limits(wall_s=10, progress_s=3), now=100)
    assert (clock.deadline, clock.overrun(102.9)) == (103, "")
    assert clock.overrun(103) == "no progress for 3 s"
    clock.progress(102)
    assert (clock.deadline, clock.overrun(104)) == (105, "")
    clock.compiling(True, 104)
    assert (clock.deadline, clock.overrun(109)) == (110, "")
    clock.compiling(False, 109)
    assert clock.overrun(110) == "ran longer than 10 s"
    assert Clock(Limits(), now=0).deadline == math.inf


def test_states_are_their_names():
    assert f"{AttemptState.TIMED_OUT} {AttemptState.OK:>4}" == "timed_out   ok"
    assert AttemptState("lost") == "lost"
    assert not AttemptState.RUNNING.final
    assert [state for state in AttemptState if state.retryable] == ["lost"]


@pytest.mark.parametrize(
    ("code", "killed", "state"),
    [
        (0, False, "failed"),
        (3, True, "failed"),
        (-signal.SIGKILL, False, "lost"),
        (-signal.SIGKILL, True, "oom"),
        (-signal.SIGSEGV, True, "failed"),
        (-signal.SIGHUP, False, "lost"),
        (-99, False, "lost"),
    ],
)
def test_exit_statuses_have_a_cause(code, killed, state):
    found, reason = state_of_exit(code, out_of_memory=killed)
    assert found == state
    assert str(abs(code)) in reason


def test_equal_faults_have_equal_fingerprints():
    def fault(value):
        try:
            return {"a": 1}[value]
        except KeyError as error:
            return outcome_of(error)

    first, second = fault("x"), fault("y")
    assert first.fingerprint == second.fingerprint
    assert first.reason != second.reason
    assert outcome_of(SystemExit(4)).reason == "exit 4 without a result"
    assert outcome_of(ValueError()).reason == "ValueError"


def test_a_result_is_taken_up_by_its_own_attempt_alone(lab, tmp_path):
    attempt = lab.attempt("double", folder=tmp_path)
    metrics = {"loss": float("inf"), "n": 3}
    ended = Ended(attempt.key, AttemptState.OK, metrics, seconds=1.5, compile_seconds=0.5)
    assert read_result(attempt) is None
    keep(tmp_path, ended, "")
    assert read_result(attempt) == ended
    assert isinstance(read_result(attempt).state, AttemptState)
    assert read_result(lab.attempt("double", folder=tmp_path)) is None
    assert read_result(lab.attempt("double")) is None
    for text in ("", "{", "[]", "{}", '{"key": 3, "state": "ok"}'):
        (tmp_path / "result.json").write_text(text)
        assert read_result(attempt) is None


def test_a_folder_that_cannot_be_written_costs_no_result(lab, tmp_path, capsys):
    keep(tmp_path / "gone", Ended(Key("s", 0, 1.0, 1), AttemptState.OK, {}), "trace")
    assert "cannot keep the result" in capsys.readouterr().err


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), json_values), st.floats(allow_nan=False))
def test_attempts_survive_the_wire(payload, budget):
    from vega_core.execute import Attempt

    attempt = Attempt(Key("s", 1, budget, 2), "m:f", payload, None, Limits(1.5, None, 3.0))
    back = attempt_of(loads(pack(run_message(7, attempt)).decode()))
    assert repr(back) == repr(attempt)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.text(), st.integers(), min_size=1)), st.integers(1, 50))
def test_lines_survive_being_cut(messages, size):
    data = b"".join(map(pack, messages))
    read, write = os.pipe()
    reader, got = LineReader(read), []
    for start in range(0, len(data), size):
        os.write(write, data[start : start + size])
        got += reader.read()
    assert not reader.ready()
    os.write(write, b'{"torn": ')
    os.close(write)
    while not reader.ended:
        got += reader.read()
    os.close(read)
    assert got == messages


def test_memory_of_this_process_is_seen():
    group = os.getpgid(0)
    used = group_resident_mb([group, 999_999_999])
    assert used[group] >= resident_mb() * 0.9 > 5
    assert used[999_999_999] == 0
    assert oom_kills() >= 0
