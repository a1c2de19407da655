"""From finished trials to the records and models that a step hands on."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from vega_core.errors import RunFailed, StateError
from vega_core.pipeline.attempts import MakeRecipe, Recipe
from vega_core.pipeline.data import Preview
from vega_core.pipeline.model_file import write_model
from vega_core.pipeline.records import ModelRecord
from vega_core.pipeline.step import StepContext
from vega_core.pipeline.trial import read_checkpoint
from vega_core.search import Algorithm, Trial, selection_order, trial_seed
from vega_core.store.records import Told
from vega_core.train.context import BEST, LAST

MAX_RECORDS = 1000


def harvest(
    context: StepContext, algorithm: Algorithm, recipe: MakeRecipe, *, keep: int
) -> list[ModelRecord]:
    """Returns the records of the trials that succeeded, best first.

    Args:
        context: The run around the step.
        algorithm: Its trials have ended.
        recipe: From what was proposed to what the trial was made from.
        keep: How many of the best are written as models, with their parameters.

    Raises:
        RunFailed: None succeeded.
    """
    metrics = _last_metrics(context)
    records = []
    for place, trial in enumerate(_listed(rank(algorithm))):
        # What ranks the models comes first.
        measured = {**trial.values, **metrics[trial.number]}
        made_from = recipe(trial.config)
        record = _record(context, trial, made_from, measured)
        if place < keep:
            record = _with_model(context, made_from.config, record)
        records.append(record)
    if not records:
        raise RunFailed(_nothing(context))
    return records


def discard_checkpoints(context: StepContext) -> None:
    """Removes the checkpoints of a finished step's trials; its models are kept elsewhere."""
    for trial in context.run.trials(context.name):
        for name in (LAST, BEST):
            shutil.rmtree(trial / name, ignore_errors=True)


def rank(algorithm: Algorithm) -> list[Trial]:
    """Returns the trials that succeeded, best first: by value, or by Pareto front and crowding."""
    objectives = algorithm.problem.objectives
    good = [trial for trial in algorithm.trials if trial.budget is not None]
    values = [objectives.values(trial.values) or () for trial in good]
    if len(objectives) == 1:
        order: Sequence[int] = sorted(
            range(len(good)), key=lambda i: (values[i], -(good[i].budget or 0), good[i].number)
        )
    else:
        order = [int(index) for index in selection_order(values)]
    return [good[index] for index in order]


def _listed(ranked: list[Trial]) -> list[Trial]:
    """Returns the best, and the first trial of all, which is what a search began with."""
    best, rest = ranked[:MAX_RECORDS], ranked[MAX_RECORDS:]
    first = min(ranked, key=lambda trial: trial.number, default=None)
    return [*best, first] if first in rest and first is not None else best


def _nothing(context: StepContext) -> str:
    """Says how the trials of a step ended, of which none succeeded."""
    trials = context.journal.trials(context.name)
    counts = ", ".join(f"{n} {state}" for state, n in context.journal.counts(context.name).items())
    last = f"; the last one: {trials[-1].reason}" if trials else ""
    return (
        f"none of the {len(trials)} trials of step '{context.name}' succeeded ({counts}){last}; "
        f"'vega status {context.run.root}' lists them"
    )


def _last_metrics(context: StepContext) -> dict[int, Mapping[str, float]]:
    """Returns every metric of each trial, from its evaluation at the largest budget."""
    found: dict[int, tuple[float, Mapping[str, float]]] = {}
    for entry in context.journal.events(step=context.name, kinds=(Told.kind,)):
        event = entry.event
        assert isinstance(event, Told)  # noqa: S101 - by the query
        known = found.get(event.trial)
        if event.metrics is not None and (known is None or event.budget >= known[0]):
            found[event.trial] = (event.budget, event.metrics)
    return {trial: metrics for trial, (_, metrics) in found.items()}


def _record(
    context: StepContext, trial: Trial, recipe: Recipe, metrics: Mapping[str, float]
) -> ModelRecord:
    return ModelRecord(
        id=f"{context.name}-{trial.number}",
        description=recipe.config.get("model"),
        overlay=recipe.sample,
        parameters=None,
        sha256=None,
        metrics=metrics,
        provenance={
            "step": context.name,
            "trial": trial.number,
            "budget": trial.budget,
            "seed": trial_seed(context.seed, trial.number),
        },
    )


def _with_model(
    context: StepContext, config: Mapping[str, Any], record: ModelRecord
) -> ModelRecord:
    preview = Preview(config, context.catalog)
    if not preview.has_model:
        return record
    folder = context.run.trial(context.name, record.provenance["trial"])
    for name in (BEST, LAST):
        try:
            saved = read_checkpoint(folder / name)
        except StateError as error:
            context.progress.message(f"{record.id}: {error}")
            continue
        if saved is not None:
            return write_model(context, config, preview, saved[0], record)
    return record
