"""What a step's data and model look like, without training anything."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from vega_core.config.bind import bind
from vega_core.data import Loader
from vega_core.plugins import Catalog
from vega_core.train import Context, Model, build_model, make_loader


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

    def check(self) -> None:
        """Reads every split and traces the model once.

        Raises:
            UserError: The data are missing or damaged, or the model cannot be built.
        """
        if self._config.get("dataset"):
            self._load("train", training=True)
            assert self.loader.dataset is not None  # noqa: S101 - reads the split
        if self.has_model:
            self.model({})

    def model(self, sample: Mapping[str, Any]) -> Model:
        """Returns the model of a sample, without parameters.

        Raises:
            ModelError: The description cannot be built.
        """
        config = bind(self._config, sample)
        loader, task = self.loader, self.loader.dataset.task
        assert task is not None  # noqa: S101 - a dataset without one fails its own check
        return build_model(config["model"], self._catalog, loader.fields, task)

    def analyse(self, sample: Mapping[str, Any]) -> dict[str, float]:
        """Returns the analytic metrics of a sample: ``params``, ``macs`` and ``flops``."""
        statistics = self.model(sample).graph.stats()
        macs = float(statistics.macs)
        return {"params": float(statistics.params), "macs": macs, "flops": macs}

    def _load(self, split: str, *, training: bool) -> Loader:
        context = Context(config=self._config, catalog=self._catalog)
        return make_loader(context, split, training=training)
