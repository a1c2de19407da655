"""Plugins that listen hear of a run, its steps and its trials."""

from __future__ import annotations

import contextlib
import json

import pytest

import vega_core as vega
from vega_core.errors import RunFailed

LISTENER = """
import json
from pathlib import Path
from vega_core import hookimpl

def note(*what):
    with open(Path(__file__).with_name("heard.jsonl"), "a") as file:
        file.write(json.dumps(what) + "\\n")

@hookimpl
def vega_run_started(run):
    note("run started", str(run.folder), run.state, run.resumed, run.config["general"]["seed"])

@hookimpl
def vega_trial_finished(trial):
    note("trial", trial.step, trial.trial, trial.budget, trial.state, trial.metrics, trial.config)
    raise RuntimeError("a listener that fails disturbs nobody")

@hookimpl
def vega_step_finished(step):
    note("step", step.step, step.state, step.trials, step.failed, [m["id"] for m in step.models])

@hookimpl
def vega_run_finished(run):
    note("run finished", run.state, run.resumed)
"""


@pytest.fixture
def heard(project):
    (project.folder / "listener.py").write_text(LISTENER)

    def run(resume=False, **keywords):
        config = project.config(**keywords)
        path = project.folder / "run.yml"
        path.write_text(json.dumps({**config, "plugins": ["./listener.py"]}))
        file = project.folder / "heard.jsonl"
        file.unlink(missing_ok=True)
        with contextlib.suppress(RunFailed):
            vega.run(path, general={"output": str(project.out)}, resume=resume)
        return [json.loads(line) for line in file.read_text().splitlines()]

    return run


def test_a_run_is_heard_from_its_start_to_its_end(heard, project):
    algorithm = {"type": "RandomSearch", "num_samples": 3}
    steps = {"train": {"pipe_step": {"type": "TrainPipeStep"}}}
    first, *trials, step, train, train_step, last = heard(algorithm=algorithm, steps=steps)
    assert first == ["run started", str(project.out), "running", False, 7]
    told = project.told()
    assert trials == [
        ["trial", "hpo", trial, budget, "ok", metrics, sample]
        for _, trial, budget, sample, metrics in told
    ]
    ids = [one["id"] for one in project.output()["records"]]
    assert step == ["step", "hpo", "ok", 3, 0, ids]
    assert train[:5] == ["trial", "train", 0, 1, "ok"]
    assert train_step == ["step", "train", "ok", 1, 0, ["train-0"]]
    assert last == ["run finished", "ok", False]


def test_a_resumed_run_tells_nothing_twice(heard):
    heard()
    events = heard(resume=True)
    assert [one[0] for one in events] == ["run started", "run finished"]
    assert events[0][3] is True


def test_a_run_that_fails_is_heard_to(heard):
    events = heard(function="raises")
    assert [one[0] for one in events] == ["run started", *["trial"] * 3, "step", "run finished"]
    assert events[-2][:3] == ["step", "hpo", "failed"]
    assert events[-1] == ["run finished", "failed", False]


def test_a_failing_listener_is_in_the_log(heard, project):
    heard()
    log = (project.out / "run.log").read_text()
    assert log.count("RuntimeError: a listener that fails disturbs nobody") == 1
    assert "vega_trial_finished of plugin" in log
