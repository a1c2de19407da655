"""Trials that end badly in every way, each recorded with its reason; the run goes on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from vega_core.errors import RunFailed

EXPECTED = {
    "good": ("ok", ""),
    "raises": ("failed", "RuntimeError: this trial raises"),
    "nan": ("nan", "loss is nan"),
    "infinite": ("nan", "loss is -inf"),
    "word": ("failed", "the objective gave loss='a word'"),
    "exits": ("failed", "exit 3 without a result"),
    "crashes": ("failed", r"crashed with SIGSEGV \(signal 11\)"),
    "dies once": ("ok", ""),
    "dies": ("lost", r"worker killed by SIGKILL \(signal 9\)"),
    "grows": ("oom", r"resident memory of \d+ MB, over the limit of 300 MB"),
    "hangs": ("timed_out", "ran longer than 3 s"),
}


def kinds(*names):
    """A search over some of the ways to end, in this order."""
    space = {
        "hyperparameters": [{"key": "trainer.params.kind", "type": "CATEGORY", "range": names}]
    }
    return {"function": "by_kind", "space": space, "algorithm": {"type": "GridSearch"}}


def test_every_bad_end_is_recorded_with_its_reason_and_the_run_goes_on(project):
    path = project.write(**kinds(*EXPECTED), workers=2, trial_timeout=3.0, memory_limit_mb=300)
    done = project.vega("run", path, "--output", project.out)
    assert done.returncode == 0, done.stderr
    trials = {one.config["trainer.params.kind"]: one for one in project.trials()}
    assert list(trials) == list(EXPECTED)
    for kind, (state, reason) in EXPECTED.items():
        assert trials[kind].state == state, (kind, trials[kind])
        assert re.fullmatch(reason + ".*" if reason else "", trials[kind].reason), trials[kind]
    # Only what was lost is tried again: the fault of the others is their own.
    again = {kind for kind, one in trials.items() if one.attempts == 2}
    assert again == {"dies once", "dies"}
    records = project.output()["records"]
    good = [one["overlay"]["trainer.params.kind"] for one in records]
    assert good == ["good", "dies once"]

    shown = project.vega("status", project.out).stdout
    as_json = json.loads(project.vega("status", project.out, "--json").stdout)
    (step,) = as_json["steps"]
    assert step["counts"] == {"ok": 2, "failed": 4, "nan": 2, "lost": 1, "oom": 1, "timed_out": 1}
    for trial in step["trials"][-10:]:
        assert trial["reason"] in shown
        assert re.search(rf"trial +{trial['trial']} .* {trial['state']} ", shown)
    trace = project.out / "steps/hpo/trials/1/b1-a1/error.txt"
    assert 'raise RuntimeError("this trial raises")' in trace.read_text()
    assert "trial 8  budget 1  lost: worker killed by SIGKILL (signal 9)" in done.stdout


def test_no_progress_ends_a_trial(project):
    path = project.write(**kinds("good", "stalls"), workers=1, progress_timeout=1.0)
    done = project.vega("run", path, "--output", project.out)
    assert done.returncode == 0, done.stderr
    assert [one.state for one in project.trials()] == ["ok", "timed_out"]
    assert project.trials()[1].reason == "no progress for 1 s"


@pytest.mark.parametrize("workers", [0, 2])
def test_three_equal_failures_at_the_beginning_stop_the_run(project, workers):
    path = project.write("raises", workers=workers)
    done = project.vega("run", path, "--output", project.out)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: the first 3 trials failed in the same way: ValueError: no luck")
    (trace,) = re.findall(r"(\S+error\.txt) has the traceback", line)
    assert "no luck with x" in Path(trace).read_text()
    ended = [one for one in project.trials() if one.state == "failed"]
    assert len(ended) == 3
    assert not (project.out / "steps/hpo/output.json").exists()


def test_a_success_first_lets_equal_failures_pass(project):
    result = project.run(**kinds("good", "raises", "word", "nan", "infinite"))
    assert (result.failed, len(result.steps["hpo"]), result.exit_code) == (4, 1, 0)


def test_a_repaired_objective_goes_on_after_equal_failures(project):
    with pytest.raises(RunFailed, match="in the same way"):
        project.run("raises")
    source = project.folder / "objectives.py"
    text = source.read_text()
    source.write_text(text.replace("raise ValueError(", "return config['x'] or ("))
    path = project.folder / "run.yml"
    done = project.vega("run", path, "--output", project.out, "--resume")
    assert done.returncode == 0, done.stderr
    assert [one.state for one in project.trials()] == ["failed"] * 3 + ["ok"] * 3


@pytest.mark.parametrize("function", ["not_a_number", "raises_elsewhere"])
def test_a_step_of_which_nothing_succeeds_fails(project, function):
    path = project.write(function, steps={"train": {"pipe_step": {"type": "TrainPipeStep"}}})
    done = project.vega("run", path, "--output", project.out)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    state = "nan" if function == "not_a_number" else "failed"
    assert line.startswith(f"error: none of the 6 trials of step 'hpo' succeeded (6 {state}); ")
    assert "vega status" in line
    assert "step 2/2" not in done.stdout
    again = project.vega("run", path, "--output", project.out, "--resume")
    assert (again.returncode, again.stderr) == (1, done.stderr)


def test_more_failures_than_allowed_end_with_3(project):
    path = project.write(**kinds("good", "nan", "word"), max_failures=1)
    done = project.vega("run", path, "--output", project.out)
    assert done.returncode == 3, done.stderr
    assert len(project.output()["records"]) == 1
    resumed = project.vega("run", path, "--output", project.out, "--resume")
    assert resumed.returncode == 3
    allowed = project.run(**kinds("good", "nan", "word"), max_failures=2, resume=True)
    assert allowed.exit_code == 0


def test_a_missing_objective_is_named_with_what_was_reported(project):
    with pytest.raises(RunFailed, match=r"'loss' was not reported; reported: los; did you mean"):
        project.run("nameless")
    assert [one.state for one in project.trials()] == ["failed"] * 3


def test_a_result_without_the_objective_fails_its_trial_alone(project):
    project.run("forgetful", algorithm={"type": "GridSearch", "points": 5})
    states = {one.config["trainer.params.x"]: one.state for one in project.trials()}
    assert states == {0.0: "ok", 0.25: "ok", 0.5: "ok", 0.75: "failed", 1.0: "failed"}


def test_a_function_that_is_not_there(project):
    path = project.write("sqare")
    done = project.vega("run", path, "--output", project.out)
    assert done.returncode in (1, 2)
    assert "did you mean 'square'?" in done.stderr
    assert "Traceback" not in done.stderr
