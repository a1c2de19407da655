"""The step that trains fully."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vega_core.errors import UserError
from vega_core.pipeline.attempts import Attempts, Sample
from vega_core.pipeline.baseline import MARK, describe_gain
from vega_core.pipeline.data import Preview
from vega_core.pipeline.handover import Source, free_names, take_over
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
        source = take_over(context)
        first = self._first(context, source)
        selected = _selected(context, source, first)
        objectives = objectives_of(source.config, context.catalog)
        budget = epochs_of(source.config)
        models = {record.id: free_names(record.overlay, context.own) for record in selected}
        search = Listed(list(models), objectives, budget)

        def sample(proposed: Sample) -> Sample:
            return models[proposed[MODEL]]

        attempts = Attempts(
            context,
            source.config,
            budget,
            splits=tuple(self.splits),
            sample=sample,
            parameters=self._parameters(context, selected),
        )
        failed = run_trials(context, search, attempts)
        harvested = harvest(context, source.config, search, keep=len(selected), sample=sample)
        records = [_trace(record, selected) for record in harvested]
        records.sort(key=lambda record: record.provenance["source"].endswith(MARK))
        return Output(
            records=records,
            objectives=objectives,
            configuration=source.config,
            trials=len(search.trials),
            failed=failed,
            notes=describe_gain(records, first.id, objectives, self.splits) if first else (),
        )

    def clean(self, context: StepContext) -> None:
        discard_checkpoints(context)

    def _first(self, context: StepContext, source: Source) -> ModelRecord | None:
        """Returns the record of the baseline, if there is to be one."""
        if not self.baseline or not source.selected:
            return None
        output = context.outputs[source.selected[0].provenance["step"]]
        return select_records(output.records, "first")[0]

    def _parameters(self, context: StepContext, selected: Sequence[ModelRecord]) -> dict[int, Path]:
        if not self.load_weights:
            return {}
        found = {}
        for trial, record in enumerate(selected):
            if "model" not in record.artifacts:
                raise UserError(
                    f"step '{context.name}': load_weights is on, but {record.id} brings no "
                    "parameters; raise keep_models of the step before"
                )
            found[trial] = context.run.inside(record.artifacts["model"])
        return found


def _selected(context: StepContext, source: Source, first: ModelRecord | None) -> list[ModelRecord]:
    selected = list(source.selected) or [_own_record(context)]
    if first is not None and first not in selected:
        selected.append(replace(first, id=first.id + MARK))
    return selected


def _own_record(context: StepContext) -> ModelRecord:
    return ModelRecord(
        id=context.name,
        description=context.config.get("model"),
        overlay={},
        parameters=None,
        sha256=None,
        metrics={},
        provenance={"step": context.name, "trial": 0},
    )


def _trace(record: ModelRecord, selected: Sequence[ModelRecord]) -> ModelRecord:
    """Adds to a record which record of the step before it comes from."""
    source = selected[int(record.provenance["trial"])]
    return replace(record, provenance={**record.provenance, "source": source.id})
