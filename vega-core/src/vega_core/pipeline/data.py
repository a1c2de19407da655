"""What a step's data and model look like, without training anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from vega_core.config.bind import bind
from vega_core.data import Loader, Spec, Task
from vega_core.errors import ConfigError
from vega_core.pipeline.evaluators import Evaluators
from vega_core.train import Catalog, Context, Model, build_model, make_loader


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
            self.model({})

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

    def _load(self, split: str, *, training: bool) -> Loader:
        context = Context(config=self._config, catalog=self._catalog)
        return make_loader(context, split, training=training)
