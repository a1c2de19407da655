"""The step that trains fully."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vega_core.errors import UserError
from vega_core.pipeline.attempts import Attempts, Recipe, Sample
from vega_core.pipeline.baseline import MARK, describe_gain
from vega_core.pipeline.data import Preview
from vega_core.pipeline.handover import Taken, take, take_over
from vega_core.pipeline.harvest import discard_checkpoints, harvest
from vega_core.pipeline.listed import MODEL, Listed
from vega_core.pipeline.records import ModelRecord, select_records
from vega_core.pipeline.sections import epochs_of, objectives_of
from vega_core.pipeline.step import Output, Plain, Step, StepContext
from vega_core.pipeline.trials import run_trials
from vega_core.plugins import Catalog


@dataclass(frozen=True, kw_only=True)
class TrainStep(Step):
    """Trains models to the end of their schedule and measures them on held-out data.

    Models come from an earlier step: its configuration, with the tuned values of the record laid
    over it, and over that the keys that this step sets itself. Without an earlier step it trains
    its own ``model``.

    Attributes:
        splits: Splits on which the finished models are measured; their metrics carry the split's
            name in front, as in ``test_accuracy``.
        baseline: Also trains the first configuration that the search tried, so that the gain
            from searching can be seen. It is listed last, whatever it reaches.
        load_weights: Starts from the parameters that the record brings, not from random ones.
    """

    splits: Sequence[str] = ("test",)
    baseline: bool = False
    load_weights: bool = False

    def check(self, config: Plain, catalog: Catalog) -> None:
        Preview(config, catalog).check(self.splits)

    def run(self, context: StepContext) -> Output:
        taken = take_over(context)
        first = self._first(context, taken)
        models = _models(context, taken, first)
        config = next(iter(models.values())).recipe.config
        objectives = objectives_of(config, context.catalog)
        budgets = {name: epochs_of(one.recipe.config) for name, one in models.items()}
        search = Listed(budgets, objectives)

        def recipe(proposed: Sample) -> Recipe:
            made_from = models[proposed[MODEL]].recipe
            config = {**made_from.config, "objectives": objectives.to_config()}
            return Recipe(config, made_from.sample)

        attempts = Attempts(
            context,
            recipe,
            max(budgets.values()),
            splits=tuple(self.splits),
            parameters=self._parameters(context, models),
        )
        failed = run_trials(context, search, attempts)
        harvested = harvest(context, search, recipe, keep=len(models))
        records = [_trace(record, list(models)) for record in harvested]
        records.sort(key=lambda record: record.provenance["source"].endswith(MARK))
        gain = describe_gain(records, first.record.id, objectives, self.splits) if first else ()
        return Output(
            records=records,
            objectives=objectives,
            configuration={**config, "objectives": objectives.to_config()},
            trials=len(search.trials),
            failed=failed,
            notes=gain,
        )

    def clean(self, context: StepContext) -> None:
        discard_checkpoints(context)

    def _first(self, context: StepContext, taken: Sequence[Taken]) -> Taken | None:
        """Returns what the baseline is trained from, if there is to be one."""
        if not self.baseline or not taken:
            return None
        step = taken[0].source
        return take(context, step, select_records(context.outputs[step].records, "first")[0])

    def _parameters(self, context: StepContext, models: Mapping[str, Taken]) -> dict[int, Path]:
        if not self.load_weights:
            return {}
        found = {}
        for trial, (name, one) in enumerate(models.items()):
            if name.endswith(MARK):
                continue  # the baseline starts from random parameters
            if "model" not in one.record.artifacts:
                raise UserError(
                    f"step '{context.name}': load_weights is on, but {one.record.id} brings no "
                    "parameters; raise keep_models of the step before"
                )
            found[trial] = context.run.inside(one.record.artifacts["model"])
        return found


def _models(context: StepContext, taken: Sequence[Taken], first: Taken | None) -> dict[str, Taken]:
    """Returns what is trained, by the name of the record that it comes from."""
    models = {one.record.id: one for one in taken or [_own(context)]}
    if first is not None and first.record.id not in models:
        models[first.record.id + MARK] = first
    return models


def _own(context: StepContext) -> Taken:
    """Returns the step's own model, as if it had been handed over."""
    record = ModelRecord(
        id=context.name,
        description=context.config.get("model"),
        overlay={},
        parameters=None,
        sha256=None,
        metrics={},
        provenance={"step": context.name, "trial": 0},
    )
    return Taken(record, Recipe(dict(context.config), {}), context.name)


def _trace(record: ModelRecord, sources: Sequence[str]) -> ModelRecord:
    """Adds to a record which record of the step before it comes from."""
    source = sources[int(record.provenance["trial"])]
    return replace(record, provenance={**record.provenance, "source": source})
