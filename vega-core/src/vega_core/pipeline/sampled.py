"""The networks that a search may try."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vega_core.config import catalog_of, load_config
from vega_core.errors import ConfigError, suggest
from vega_core.nn import Graph
from vega_core.pipeline.checking import whole_configurations
from vega_core.pipeline.data import Preview
from vega_core.pipeline.search_step import space_of


def sampled_graphs(path: Path, step: str | None, count: int, seed: int = 0) -> Sequence[Graph]:
    """Returns the different networks among random samples of a step's search space.

    Args:
        path: The configuration.
        step: The step; by default the first that searches and has a model.
        count: How many samples to draw.
        seed: Of the draws.

    Raises:
        ConfigError: The configuration has faults, or no such step.
        DataError: The data, which say the shapes of inputs, are missing or damaged.
        ModelError: A sample gives no network.
    """
    config = load_config(path, check_backend=False)
    catalog = catalog_of(config)
    steps = whole_configurations(config)
    having = [name for name, plain in steps.items() if {"model", "search_space"} <= plain.keys()]
    if step is not None and step not in having:
        raise ConfigError(
            f"{path}: no step '{step}' searches over a model{suggest(step, having)}; "
            f"these do: {', '.join(having) or 'none'}"
        )
    if not having:
        raise ConfigError(f"{path}: no step has both a model and a search_space")
    chosen = steps[step or having[0]]
    preview, space = Preview(chosen, catalog), space_of(chosen, catalog)
    samples = space.sample(count, np.random.default_rng(seed), as_dicts=True)
    graphs = [preview.model(sample).graph for sample in samples]
    return list({graph.hash: graph for graph in graphs}.values())
