"""Where a run stands, read from its journal while it may be going."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from vega_core.store.journal import Journal
from vega_core.store.lock import RunLock
from vega_core.store.records import StepFinished, StepStarted
from vega_core.store.rundir import RunDir


def status_of(folder: str | Path) -> dict[str, Any]:
    """Returns the state of a run, of its steps and of their trials, as plain data.

    Raises:
        UserError: There is no run in the folder.
        StateError: Its journal is damaged.
    """
    run = RunDir.open(folder)
    driver = RunLock.holder(run.lock)
    with Journal.read(run.journal) as journal:
        finished = {entry.event.step for entry in journal.events(kinds=(StepFinished.kind,))}
        names = [entry.event.step for entry in journal.events(kinds=(StepStarted.kind,))]
        steps = [_step(journal, name, name in finished) for name in dict.fromkeys(names)]
    planned = _pipeline(run)
    whole = bool(steps) and finished >= set(planned or names)
    state = "running" if driver else "finished" if whole else "stopped"
    return {
        "folder": str(run.root),
        "state": state,
        "driver": driver,
        "steps": steps,
        "next": _next(run, state),
    }


def _step(journal: Journal, name: str, finished: bool) -> dict[str, Any]:
    return {
        "step": name,
        "state": "finished" if finished else "begun",
        "counts": journal.counts(name),
        "trials": [asdict(trial) for trial in journal.trials(name)],
    }


def _pipeline(run: RunDir) -> list[str]:
    from vega_core.pipeline.resume import read_config

    return list(read_config(run)["pipeline"]) if run.config.is_file() else []


def _next(run: RunDir, state: str) -> str:
    if state == "running":
        return "wait, or stop it with Ctrl-C"
    if not run.config.is_file():
        return f"the call of vega_core.tune again, with output={str(run.root)!r} and resume=True"
    if state == "stopped":
        return f"vega run {run.root} --resume"
    steps = _pipeline(run)
    if any(run.models(step).is_dir() for step in steps):
        return f"vega_core.load({str(run.root)!r}) loads the best model"
    return f"the results are in {run.output(steps[-1])}"
