"""Reads a step's sections into what the engine works with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vega_core.config.constraints import COUNTED
from vega_core.data import Task
from vega_core.errors import ConfigError, suggest
from vega_core.pipeline.defaults import trainer_of
from vega_core.plugins import Catalog
from vega_core.search import Objectives
from vega_core.train import Metric, StandardTrainer
from vega_core.train.metrics import LOSS


def task_of(config: Mapping[str, Any], catalog: Catalog) -> Task | None:
    """Returns the task of a step's dataset, or None where it has none."""
    dataset = config.get("dataset")
    if not dataset:
        return None
    task: Task | None = getattr(catalog.load("dataset", dataset["type"]), "task", None)
    return task


def objectives_of(config: Mapping[str, Any], catalog: Catalog) -> Objectives:
    """Returns what a step searches for.

    By default that is the first metric of the trainer, else of the dataset's task; ``loss`` for
    a trainer that runs the user's own function.

    Raises:
        ConfigError: Nothing says what to search for.
        SearchError: A metric has no usual direction.
    """
    given = config.get("objectives")
    if given:
        return Objectives.parse(given)
    trainer = trainer_of(config)
    metrics = list(trainer.get("metrics") or ())
    task = task_of(config, catalog)
    if not metrics and task is not None:
        metrics = list(task.metrics)
    if metrics:
        first = metrics[0]
        name = first if isinstance(first, str) else str(first.get("name") or first["type"])
        return Objectives.parse(name)
    if trainer["type"] == "Function":
        return Objectives.parse({"loss": "min"})
    raise ConfigError(
        "objectives: nothing says what to search for; write objectives: {accuracy: max}, with "
        "the name of a metric that the trainer reports"
    )


def check_objectives(objectives: Objectives, config: Mapping[str, Any], catalog: Catalog) -> None:
    """Checks that the standard trainer reports what a step searches for.

    What other trainers and the evaluators report is known only when they have run.

    Raises:
        ConfigError: It does not; names what it does report.
    """
    trainer = trainer_of(config)
    standard = issubclass(catalog.load("trainer", trainer["type"]), StandardTrainer)
    if not standard or config.get("evaluator"):
        return
    task = task_of(config, catalog)
    described = trainer.get("metrics") or (task.metrics if task else ())
    known = [*(_metric_name(item, catalog) for item in described), LOSS, "train_loss"]
    known += COUNTED
    for name in objectives.names:
        if name not in known:
            raise ConfigError(
                f"objectives: the trainer reports no '{name}', but "
                f"{', '.join(known)}{suggest(name, known)}"
            )


def _metric_name(described: str | Mapping[str, Any], catalog: Catalog) -> str:
    given = {"type": described} if isinstance(described, str) else dict(described)
    metric: Metric = catalog.load("metric", given.pop("type"))(**given)
    return metric.name


def epochs_of(config: Mapping[str, Any]) -> float:
    """Returns the full budget of a step's trainer, in epochs; 1 where it has none."""
    return float(trainer_of(config).get("epochs") or 1)
