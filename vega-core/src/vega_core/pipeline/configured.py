"""The model of a configuration: of one of its steps, before any value is searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vega_core import nn
from vega_core.config import load_config
from vega_core.errors import ConfigError, suggest
from vega_core.pipeline.checking import whole_configurations
from vega_core.pipeline.data import Preview
from vega_core.pipeline.described import DescribedModel
from vega_core.plugins import load_catalog
from vega_core.plugins.importing import absolute, is_path
from vega_core.train.model import specs


def model_of_config(
    path: Path, own: Any, step: str | None, plugins: Sequence[str]
) -> DescribedModel:
    """Returns the model that a step of a configuration describes.

    The data are read only if they are needed: where a size is ``auto``, or to know the inputs.
    The backend that would train it need not be installed.

    Args:
        path: The configuration.
        own: What it lists under ``plugins``.
        step: The step; by default the first that has a model.
        plugins: More local code to load.

    Raises:
        ConfigError: The configuration has faults, or no such step with a model.
        DataError: The data are needed, and missing or damaged.
    """
    listed = own if isinstance(own, list) and all(isinstance(item, str) for item in own) else []
    here = [str(absolute(item)) if is_path(item) else item for item in plugins]
    catalog = load_catalog([*listed, *here], path.absolute().parent)
    config = load_config(path, catalog=catalog, check_data=False, check_backend=False)
    catalog.allow(config.texts())
    name, chosen = _step_of(whole_configurations(config), step, path)
    preview, description = Preview(chosen, catalog), chosen["model"]
    if preview.has_model and nn.auto_key(description) is not None:
        description = preview.model({}).description
    origin = f"of step '{name}' of {path}"
    if not preview.has_model:
        return DescribedModel(description, catalog, origin=origin)
    return DescribedModel(
        description, catalog, origin=origin, inputs=lambda: specs(preview.model({}).inputs)
    )


def _step_of(
    steps: Mapping[str, Mapping[str, Any]], step: str | None, path: Path
) -> tuple[str, Mapping[str, Any]]:
    having = {name: plain for name, plain in steps.items() if plain.get("model")}
    if step is not None and step not in steps:
        raise ConfigError(f"{path}: the pipeline has no step '{step}'{suggest(step, steps)}")
    if step is not None and step not in having:
        raise ConfigError(f"{path}: step '{step}' has no model; {_among(having)}")
    if not having:
        raise ConfigError(f"{path}: no step has a model")
    name = step or next(iter(having))
    return name, having[name]


def _among(steps: Mapping[str, Any]) -> str:
    return f"these have one: {', '.join(steps)}" if steps else "no step has one"
