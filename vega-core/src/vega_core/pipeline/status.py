"""Where a run stands, read from its journal while it may be going."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vega_core.errors import VegaError
from vega_core.pipeline.runlog import last_end
from vega_core.search import Objectives
from vega_core.store.journal import Journal
from vega_core.store.lock import RunLock
from vega_core.store.records import StepFinished, StepStarted, Told, TrialRow
from vega_core.store.rundir import RunDir

CUT_OFF = "interrupted"
"""State of a trial that was running when its driver ended."""
_INTERRUPTIONS = ("Interrupted", "KeyboardInterrupt")


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
        begun = _begun(journal)
        configured = _config(run)
        steps = [
            _step(
                journal,
                name,
                name in finished,
                going=driver is not None,
                objectives=(configured.get(name) or data).get("objectives"),
            )
            for name, data in begun.items()
        ]
    planned = list(configured.get("pipeline", begun))
    whole = bool(steps) and finished >= set(planned)
    state, reason = _state(run, driver, whole)
    return {
        "folder": str(run.root),
        "state": state,
        "reason": reason,
        "driver": driver,
        "steps": steps,
        "next": _next(run, state, planned),
    }


def count_evaluations(folder: Path) -> int:
    """Returns how many evaluations a run has finished, whether well or not."""
    with Journal.read(RunDir.open(folder).journal) as journal:
        return sum(1 for _ in journal.events(kinds=(Told.kind,)))


def allowed_failures(folder: Path) -> int | None:
    """Returns ``general.max_failures`` of a run."""
    allowed: int | None = _config(RunDir.open(folder))["general"]["max_failures"]
    return allowed


def _begun(journal: Journal) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for entry in journal.events(kinds=(StepStarted.kind,)):
        assert isinstance(entry.event, StepStarted)  # noqa: S101 - by the query
        found.setdefault(entry.event.step, entry.event.data)
    return found


def _state(run: RunDir, driver: int | None, whole: bool) -> tuple[str, str]:
    if driver is not None:
        return "running", ""
    if whole:
        return "finished", ""
    end = last_end(run.log)
    if end is None:
        return "interrupted", "its driver was killed"
    kind, reason = end
    if kind in _INTERRUPTIONS:
        return "interrupted", "stopped by a signal"
    return "failed", reason or kind


def _step(
    journal: Journal, name: str, finished: bool, *, going: bool, objectives: Any
) -> dict[str, Any]:
    trials = [one if going else _cut_off(one) for one in journal.trials(name)]
    counts: dict[str, int] = {}
    for trial in trials:
        counts[trial.state] = counts.get(trial.state, 0) + 1
    return {
        "step": name,
        "state": "finished" if finished else "begun",
        "counts": counts,
        "best": _best(trials, objectives),
        "trials": [asdict(trial) for trial in trials],
    }


def _cut_off(trial: TrialRow) -> TrialRow:
    if trial.state != "running":
        return trial
    return replace(trial, state=CUT_OFF, reason=trial.reason or "the driver ended")


def _best(trials: Iterable[TrialRow], given: Any) -> int | None:
    """Returns the number of the best trial so far; of equal ones, of the largest budget."""
    try:
        objectives = Objectives.parse(given)
        ranked = [
            (values, -trial.budget, trial.trial)
            for trial in trials
            if trial.state in ("ok", "pruned") and trial.metrics
            if (values := objectives.values(trial.metrics)) is not None
        ]
    except (VegaError, TypeError):  # a step without objectives has no best
        return None
    return min(ranked)[-1] if ranked and len(objectives) == 1 else None


def _config(run: RunDir) -> dict[str, Any]:
    from vega_core.pipeline.resume import read_config

    return read_config(run) if run.config.is_file() else {}


def _next(run: RunDir, state: str, steps: list[str]) -> str:
    if state == "running":
        return "wait, or stop it with Ctrl-C"
    if not run.config.is_file():
        if state == "finished":
            return "nothing is left to do; the same call with resume=True returns the result again"
        return f"the call of vega_core.tune again, with output={str(run.root)!r} and resume=True"
    if state != "finished":
        return f"vega run {shlex.quote(str(run.root))} --resume"
    if any(run.models(step).is_dir() for step in steps):
        return f"vega_core.load({str(run.root)!r}) loads the best model"
    return f"the results are in {run.output(steps[-1])}"
