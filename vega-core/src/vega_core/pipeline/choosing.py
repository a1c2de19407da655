"""Which trained model of a run is meant: of a step, or by its name."""

from __future__ import annotations

from pathlib import Path

from vega_core.errors import UserError, suggest, there_are
from vega_core.pipeline.model_io import MODEL
from vega_core.pipeline.resume import read_config
from vega_core.pipeline.trained import best_model_file, model_file, models_of, run_of
from vega_core.store.rundir import RunDir


def chosen_model_file(path: Path, step: str | None = None, model: str | None = None) -> Path:
    """Returns the ``model.json`` of one model.

    Args:
        path: A ``model.json``, its folder, or a run directory.
        step: A step of the run; by default the last that has a model.
        model: The name of a model, such as ``train-3``; by default the best of the step.

    Raises:
        UserError: There is no run, no such step or no such model.
        StateError: Its files are damaged.
    """
    if step is None and model is None:
        return best_model_file(path)
    if path.is_file() or (path / MODEL).is_file():
        raise UserError(f"{path} is one model; only a run has steps and models to choose from")
    run = run_of(path)
    records = {name: models_of(run, name) for name in _steps(run, step)}
    known = {record.id: record for listed in records.values() for record in listed}
    if not known:
        raise UserError(f"{path}: step {', '.join(records)} has no trained model")
    if model is None:
        return model_file(run, next(iter(known.values())))
    if model not in known:
        hint = suggest(model, known) or there_are(known)
        raise UserError(f"{path} has no trained model '{model}'{hint}")
    return model_file(run, known[model])


def _steps(run: RunDir, step: str | None) -> list[str]:
    steps: list[str] = read_config(run)["pipeline"]
    if step is None:
        return steps
    if step not in steps:
        hint = suggest(step, steps) or there_are(steps)
        raise UserError(f"{run.root} has no step '{step}'{hint}")
    if not run.output(step).is_file():
        raise UserError(f"{run.root}: step '{step}' has not finished")
    return [step]
