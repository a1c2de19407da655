"""What the standard trainer trains with: data, network, rules and measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vega_core import nn
from vega_core.backend import Executable, ParamStore, TrainSpec
from vega_core.backend.training import Precision
from vega_core.data import Array, Loader, Task
from vega_core.errors import ConfigError, ModelError
from vega_core.train.context import Context, Description
from vega_core.train.labels import check_classes, with_checks
from vega_core.train.loaders import make_loader
from vega_core.train.metrics import LOSS, Direction, Metric
from vega_core.train.model import Model, build_model, field_of, specs


@dataclass(frozen=True)
class Rules:
    """How to train.

    Attributes:
        epochs: Length of the schedule.
        optimizer: Description of the optimizer.
        schedule: Description of the learning-rate schedule.
        loss: Description of the loss; None for the task's.
        metrics: Descriptions of the metrics; None for the task's.
        clip_norm: Largest norm of the gradient; None for no limit.
        precision: Arithmetic of the training step.
    """

    epochs: float
    optimizer: Description
    schedule: Description
    loss: Description | None
    metrics: Sequence[str | Description] | None
    clip_norm: float | None
    precision: Precision


@dataclass(frozen=True)
class Setup:
    """Everything that one evaluation trains with."""

    task: Task
    model: Model
    train: Loader
    val: Loader
    store: ParamStore
    executable: Executable
    rates: Callable[[int], Mapping[str, float]]
    metrics: tuple[Metric, ...]

    @property
    def directions(self) -> dict[str, Direction]:
        """Whether more or less is better, by the name of each measure."""
        losses: dict[str, Direction] = {LOSS: "min", "train_loss": "min"}
        return losses | {metric.name: metric.direction for metric in self.metrics}


def set_up(context: Context, rules: Rules) -> Setup:
    """Builds the data, the network of the step's ``model`` block and its executable.

    Raises:
        ConfigError: A section is missing, or names what the data do not have.
        DataError: The data are missing or damaged.
        ModelError: The network cannot be built, or gives fewer scores than there are classes.
    """
    train = make_loader(context, "train", training=True)
    val = make_loader(context, "val", training=False)
    task = train.dataset.task
    if task is None:
        raise ConfigError(
            f"dataset: {type(train.dataset).__name__} states no task, so that inputs and targets "
            "are unknown; set its class attribute 'task'"
        )
    description = context.config.get("model")
    if not description:
        raise ConfigError("model: this trainer needs a network; name one as {type: ResNet}")
    model = build_model(description, context.catalog, train.fields, task, context.parameters)
    loss = context.create("loss", rules.loss or task.loss)
    targets = {name: field_of(train.fields, name, task) for name in task.targets}
    graph = nn.compose(model.graph, loss, specs(targets))
    check_classes(graph, train.fields)
    optimizer = context.create("optimizer", rules.optimizer)
    schedule = context.create("schedule", rules.schedule)
    parameters = _initial(graph, model.graph, context)
    store = context.backend.store(parameters)
    with context.compiling():
        executable = context.backend.compile(
            graph,
            store,
            train=TrainSpec(
                optimizer=optimizer, clip_norm=rules.clip_norm, precision=rules.precision
            ),
        )
    return Setup(
        task=task,
        model=model,
        train=with_checks(train, graph),
        val=with_checks(val, graph),
        store=store,
        executable=executable,
        rates=schedule.bind(lr=optimizer.lr, steps_per_epoch=len(train), epochs=rules.epochs),
        metrics=tuple(context.create("metric", item) for item in _metrics(rules, task)),
    )


def _metrics(rules: Rules, task: Task) -> Sequence[str | Description]:
    return task.metrics if rules.metrics is None else rules.metrics


def _initial(graph: nn.Graph, model: nn.Graph, context: Context) -> dict[str, Array]:
    """Returns random parameters, in whose place those that were handed over step.

    Raises:
        ModelError: Parameters were handed over that do not fit, or not all of the model's.
    """
    parameters: dict[str, Any] = context.backend.initial_parameters(graph, context.seed)
    given = context.parameters
    if given is None:
        return parameters
    if missing := sorted(set(model.parameters) - set(given)):
        raise ModelError(
            f"{len(missing)} of the network's {len(model.parameters)} parameters were not handed "
            f"over: {', '.join(missing[:8])}{', ...' if len(missing) > 8 else ''}"
        )
    for name, array in given.items():
        own = f"has {_form(parameters[name])}" if name in parameters else "has none of that name"
        if name not in parameters or _form(parameters[name]) != _form(array):
            raise ModelError(
                f"parameter '{name}' {_form(array)} was handed over, but the network {own}"
            )
        parameters[name] = array
    return parameters


def _form(array: Array) -> str:
    return f"{list(array.shape)} {array.dtype}"
