"""Trained models in files, without their parameters: what they are and where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vega_core.data import Transform
from vega_core.errors import UserError
from vega_core.nn.shapes import TensorSpec
from vega_core.pipeline.model_io import MODEL, ModelFile, fields_of
from vega_core.pipeline.records import ModelRecord, read_records
from vega_core.pipeline.resume import read_config
from vega_core.plugins import Catalog
from vega_core.plugins.creating import create
from vega_core.store.atomic import read_json
from vega_core.store.rundir import RunDir
from vega_core.train.model import specs


def network_inputs(content: ModelFile, catalog: Catalog) -> dict[str, TensorSpec]:
    """Returns what a trained network takes: the dataset's fields after the transforms."""
    fields = fields_of(content)
    for transform in transforms_of(content, catalog):
        fields = transform.spec(fields)
    return specs(fields)


def transforms_of(content: ModelFile, catalog: Catalog) -> list[Transform]:
    """Returns the transforms that a model's inputs go through.

    Raises:
        ConfigError: One has parameters that it does not take.
        PluginError: One cannot be had.
    """
    return [create(catalog.load, "transform", item) for item in content.transforms]


def best_model_file(path: Path) -> Path:
    """Returns the ``model.json`` that a path means.

    Args:
        path: That file, a model's folder, or a run directory, of which it is the best model of
            the last step that has one.

    Raises:
        UserError: There is no run, no model in it, or the file is none.
        StateError: Its files are damaged.
    """
    if path.is_file():
        _check_is_model(path)
        return path
    if (path / MODEL).is_file():
        return path / MODEL
    run = run_of(path)
    steps = read_config(run)["pipeline"]
    for step in reversed(steps):
        for record in models_of(run, step):
            return model_file(run, record)
    if all(run.output(step).is_file() for step in steps):
        raise UserError(
            f"{path} holds no model: its trials are functions or programs, or none succeeded; "
            f"the results are in {run.output(steps[-1])}"
        )
    raise UserError(f"{path} holds no trained model yet: its run has not finished")


def _check_is_model(path: Path) -> None:
    """Refuses a file that is something else; a damaged model is told where it is read."""
    try:
        data = read_json(path)
    except (OSError, ValueError, RecursionError):
        data = {"description": {}} if path.name == MODEL else None
    if not isinstance(data, Mapping) or "description" not in data:
        raise UserError(
            f"{path} is no trained model; name a run directory, or the {MODEL} of a model"
        )


def run_of(path: Path) -> RunDir:
    """Returns the run in a directory, which may have models.

    Raises:
        UserError: There is no run, or one of `vega_core.tune`.
    """
    run = RunDir.open(path)
    if not run.config.is_file():
        raise UserError(
            f"{path} is of a call of vega_core.tune, which leaves no model: its best "
            "configuration is what tune returns"
        )
    return run


def models_of(run: RunDir, step: str) -> list[ModelRecord]:
    """Returns the trained models of a step, best first; none before it has finished.

    Raises:
        StateError: The step's output is damaged.
    """
    if not run.output(step).is_file():
        return []
    records, _ = read_records(run.output(step))
    return [record for record in records if "model" in record.artifacts]


def model_file(run: RunDir, record: ModelRecord) -> Path:
    """Returns the ``model.json`` of a trained model of a run."""
    return run.inside(record.artifacts["model"])
