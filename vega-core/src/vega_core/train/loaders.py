"""From a configuration's ``dataset`` block to loaders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vega_core.data import Dataset, Loader
from vega_core.errors import ConfigError
from vega_core.train.context import Context

BATCH_SIZE = 64
"""Samples a batch where a configuration gives no ``batch_size``."""


def make_loader(context: Context, split: str, *, training: bool) -> Loader:
    """Makes the loader of one split as ``dataset`` describes it.

    ``batch_size`` and ``transforms`` are the loader's; all other keys are the dataset's own.

    Args:
        context: Its configuration has a section ``dataset``.
        split: Name of the split.
        training: Whether to shuffle and to use random transforms.

    Raises:
        ConfigError: The section is missing.
        DataError: The data are missing or damaged.
    """
    section: Mapping[str, Any] | None = context.config.get("dataset")
    if not section:
        raise ConfigError("dataset: this trainer needs data; name some as {type: Digits}")
    own = {key: value for key, value in section.items() if key not in ("batch_size", "transforms")}
    dataset: Dataset = context.create("dataset", own, split)
    return Loader(
        dataset,
        section.get("batch_size", BATCH_SIZE),
        training=training,
        seed=context.seed,
        transforms=[context.create("transform", item) for item in section.get("transforms") or ()],
    )
