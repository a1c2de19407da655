"""The step that trains fully."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vega_core.errors import UserError
from vega_core.pipeline.attempts import Attempts, Sample
from vega_core.pipeline.data import Preview
from vega_core.pipeline.handover import free_names, merge
from vega_core.pipeline.harvest import discard_checkpoints, harvest
from vega_core.pipeline.listed import MODEL, Listed
from vega_core.pipeline.records import ModelRecord, select_records
from vega_core.pipeline.sections import epochs_of, objectives_of
from vega_core.pipeline.step import Output, Plain, Step, StepContext
from vega_core.pipeline.trials import run_trials
from vega_core.plugins import Catalog

BASELINE = "baseline"


@dataclass(frozen=True)
class _Source:
    """What the step builds on: the step before, or nothing but its own configuration."""

    config: Mapping[str, Any]
    selected: Sequence[ModelRecord]


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
            from searching can be seen.
        load_weights: Starts from the parameters that the record brings, not from random ones.
    """

    splits: Sequence[str] = ("test",)
    baseline: bool = False
    load_weights: bool = False

    def check(self, config: Plain, catalog: Catalog) -> None:
        if config.get("dataset"):
            Preview(config, catalog).check(self.splits)

    def run(self, context: StepContext) -> Output:
        source = self._source(context)
        objectives = objectives_of(source.config, context.catalog)
        budget = epochs_of(source.config)
        models = {record.id: free_names(record.overlay, context.own) for record in source.selected}
        search = Listed(list(models), objectives, budget)

        def sample(proposed: Sample) -> Sample:
            return models[proposed[MODEL]]

        attempts = Attempts(
            context,
            source.config,
            budget,
            splits=tuple(self.splits),
            sample=sample,
            parameters=self._parameters(context, source),
        )
        failed = run_trials(context, search, attempts)
        records = harvest(context, source.config, search, keep=len(source.selected), sample=sample)
        return Output(
            records=[_trace(record, source.selected) for record in records],
            objectives=objectives,
            configuration=source.config,
            trials=len(search.trials),
            failed=failed,
        )

    def clean(self, context: StepContext) -> None:
        discard_checkpoints(context)

    def _source(self, context: StepContext) -> _Source:
        if not context.outputs:
            return _Source(context.config, [_own_record(context)])
        models = context.config.get("models") or {}
        name = models.get("from", list(context.outputs)[-1])
        output = context.outputs[name]
        config = merge(output.configuration, _without_search(context.config))
        selected = select_records(output.records, models.get("select", "best"), output.objectives)
        if self.baseline:
            (first,) = select_records(output.records, "first", output.objectives)
            if first not in selected:
                selected = [*selected, replace(first, id=f"{first.id} ({BASELINE})")]
        config["objectives"] = output.objectives.to_config()
        return _Source(_without_search(config), selected)

    def _parameters(self, context: StepContext, source: _Source) -> dict[int, Path]:
        if not self.load_weights:
            return {}
        found = {}
        for trial, record in enumerate(source.selected):
            if "model" not in record.artifacts:
                raise UserError(
                    f"step '{context.name}': load_weights is on, but {record.id} brings no "
                    "parameters; raise keep_models of the step before"
                )
            found[trial] = context.run.inside(record.artifacts["model"])
        return found


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


def _without_search(config: Mapping[str, Any]) -> dict[str, Any]:
    left_out = ("search_algorithm", "search_space", "constraints", "pipe_step", "models")
    return {key: value for key, value in config.items() if key not in left_out}


def _trace(record: ModelRecord, selected: Sequence[ModelRecord]) -> ModelRecord:
    """Adds to a record which record of the step before it comes from."""
    source = selected[int(record.provenance["trial"])]
    return replace(record, provenance={**record.provenance, "source": source.id})
