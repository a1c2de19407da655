"""What a step's data and model look like, without training anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from vega_core import nn
from vega_core.backend import NativeNetwork
from vega_core.config.bind import bind
from vega_core.data import Loader, Spec, Task
from vega_core.errors import ConfigError, UserError
from vega_core.nn.parts import Parts
from vega_core.nn.records import at
from vega_core.pipeline.defaults import trainer_of
from vega_core.pipeline.evaluators import Evaluators
from vega_core.train import (
    Catalog,
    Context,
    Model,
    StandardTrainer,
    build_model,
    make_loader,
)
from vega_core.train.labels import check_classes
from vega_core.train.model import field_of, filled_in, specs


class Preview:
    """The data and the model of a step's configuration, read and traced when first asked for.

    Args:
        config: The step's configuration.
        catalog: Component classes.
    """

    def __init__(self, config: Mapping[str, Any], catalog: Catalog) -> None:
        self._config = config
        self._catalog = catalog

    @property
    def has_model(self) -> bool:
        """Whether the step trains a network of a description on a dataset."""
        return bool(self._config.get("model")) and bool(self._config.get("dataset"))

    @cached_property
    def loader(self) -> Loader:
        """The evaluation loader of the ``val`` split.

        Raises:
            DataError: The data are missing or damaged.
        """
        return self._load("val", training=False)

    @property
    def data(self) -> tuple[Spec, Task]:
        """The fields of a batch, after the transforms, and what they are for.

        Raises:
            ConfigError: The dataset states no task.
            DataError: The data are missing or damaged.
        """
        task = self.loader.dataset.task
        if task is None:
            raise ConfigError(
                f"dataset: {type(self.loader.dataset).__name__} states no task, so that inputs "
                "and targets are unknown; set its class attribute 'task'"
            )
        return self.loader.fields, task

    def check(self, splits: Sequence[str] = ()) -> None:
        """Reads the data and traces the model once.

        Args:
            splits: Splits to read besides ``train`` and ``val``.

        Raises:
            UserError: The data are missing or damaged, or the model cannot be built.
        """
        if self._config.get("dataset"):
            self._load("train", training=True)
            for split in splits:
                self._load(split, training=False)
            _ = self.loader
        if self.has_model:
            self._check_classes(self.model({}))

    def try_model(self, sample: Mapping[str, Any]) -> None:
        """Builds the model of a sample, without its data where it is a framework's own module.

        Such a module is costly to make: of it, only the names and types of arguments are held
        against its constructor.

        Raises:
            ModelError: The description cannot be built, or fails the data.
        """
        description = bind(self._config, sample)["model"]
        network = nn.build_network(filled_in(description, *self.data), self._catalog)
        if not _is_native(network):
            self._check_classes(self.model(sample))

    def model(self, sample: Mapping[str, Any]) -> Model:
        """Returns the model of a sample, without parameters.

        Raises:
            ModelError: The description cannot be built.
        """
        config = bind(self._config, sample)
        return build_model(config["model"], self._catalog, *self.data)

    def analyse(self, sample: Mapping[str, Any]) -> dict[str, float]:
        """Returns the analytic metrics of a sample, those of the step's own evaluators included.

        Raises:
            ModelError: The description cannot be built.
        """
        context = Context(config=bind(self._config, sample), catalog=self._catalog)
        metrics = Evaluators(context, lambda: self.model(sample)).before_training()
        return {**metrics, "flops": metrics["macs"]} if "macs" in metrics else metrics

    def _check_classes(self, model: Model) -> None:
        """Checks that the model tells all classes of the data apart, where the loss is known."""
        trainer = trainer_of(self._config)
        if not issubclass(self._catalog.load("trainer", trainer["type"]), StandardTrainer):
            return
        fields, task = self.data
        context = Context(config=self._config, catalog=self._catalog)
        try:
            loss = context.create("loss", trainer.get("loss") or task.loss)
            targets = {name: field_of(fields, name, task) for name in task.targets}
            graph = nn.compose(model.graph, loss, specs(targets))
        except UserError:
            return  # perhaps the search gives another loss; a trial will say it
        key = "num_classes"
        with at((key,) if key in model.description else ()):
            check_classes(graph, fields)

    def _load(self, split: str, *, training: bool) -> Loader:
        context = Context(config=self._config, catalog=self._catalog)
        return make_loader(context, split, training=training)


def _is_native(network: nn.Module) -> bool:
    """Tells whether a network is, or has a part that is, a module of a framework's own."""
    if isinstance(network, Parts):
        return any(_is_native(part) for _, part in network.parts)
    return isinstance(network, NativeNetwork)
