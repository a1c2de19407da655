"""Trained models in files, without their parameters: what they are and where they lie."""

from __future__ import annotations

from pathlib import Path

from vega_core.errors import UserError
from vega_core.nn.shapes import TensorSpec
from vega_core.pipeline.model_io import MODEL, ModelFile, fields_of
from vega_core.pipeline.records import read_records
from vega_core.pipeline.resume import read_config
from vega_core.plugins import Catalog
from vega_core.store.rundir import RunDir
from vega_core.train.model import specs


def network_inputs(content: ModelFile, catalog: Catalog) -> dict[str, TensorSpec]:
    """Returns what a trained network takes: the dataset's fields after the transforms."""
    fields = fields_of(content)
    for item in content.transforms:
        parameters = {key: value for key, value in item.items() if key != "type"}
        fields = catalog.load("transform", item["type"])(**parameters).spec(fields)
    return specs(fields)


def best_model_file(folder: Path) -> Path:
    """Returns the ``model.json`` of a model's folder, or of the best model of a run's last step.

    Raises:
        UserError: There is no run, or no model in it.
        StateError: Its files are damaged.
    """
    if (folder / MODEL).is_file():
        return folder / MODEL
    run = RunDir.open(folder)
    if not run.config.is_file():
        raise UserError(
            f"{folder} is of a call of vega_core.tune, which leaves no model: its best "
            "configuration is what tune returns"
        )
    steps = read_config(run)["pipeline"]
    done = [step for step in steps if run.output(step).is_file()]
    for step in reversed(done):
        records, _ = read_records(run.output(step))
        for record in records:
            if "model" in record.artifacts:
                return run.inside(record.artifacts["model"])
    if done == steps:
        raise UserError(
            f"{folder} holds no model: its trials are functions or programs, or none succeeded; "
            f"the results are in {run.output(steps[-1])}"
        )
    raise UserError(f"{folder} holds no trained model yet: its run has not finished")
