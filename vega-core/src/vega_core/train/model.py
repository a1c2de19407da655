"""From a description and the data's fields to a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vega_core import nn
from vega_core.data import Array, Field, Spec, Task
from vega_core.errors import ConfigError, suggest
from vega_core.train.context import Catalog, Description


@dataclass(frozen=True)
class Model:
    """A network for some data.

    Attributes:
        description: Plain data from which the graph is rebuilt; nothing in it is ``auto``.
        graph: The traced network.
        inputs: The fields that it takes.
        parameters: Trained parameters by name; None where there are none yet.
    """

    description: Mapping[str, Any]
    graph: nn.Graph
    inputs: Mapping[str, Field]
    parameters: Mapping[str, Array] | None = None


def build_model(
    description: Description,
    catalog: Catalog,
    fields: Spec,
    task: Task,
    parameters: Mapping[str, Array] | None = None,
) -> Model:
    """Traces the network that a description and the data give.

    Where the description says ``auto``, sizes come from the data: ``num_classes`` from the first
    target that has classes, ``vocabulary`` from the first input that has one.

    Args:
        description: ``{type: ..., ...}`` with hyperparameters and overrides.
        catalog: Gives network classes.
        fields: The fields of a batch, after the transforms.
        task: Says which of them go in and which are targets.
        parameters: Trained parameters to carry along.

    Raises:
        ConfigError: The data lack a field that the task names.
        ModelError: The description cannot be built.
    """
    filled = filled_in(description, fields, task)
    inputs = {name: field_of(fields, name, task) for name in task.inputs}
    graph = nn.build_graph(filled, catalog, specs(inputs))
    return Model(filled, graph, inputs, parameters)


def filled_in(description: Description, fields: Spec, task: Task) -> dict[str, Any]:
    """Returns a description in which every size that is ``auto`` is what the data say.

    Raises:
        ConfigError: The data lack a field that the task names.
        ModelError: The data do not say one.
    """
    targets = [field_of(fields, name, task) for name in task.targets]
    inputs = [field_of(fields, name, task) for name in task.inputs]
    sizes = {
        "num_classes": _first(field.classes for field in targets),
        "vocabulary": _first(field.vocabulary for field in inputs),
    }
    known = {name: size for name, size in sizes.items() if size is not None}
    return nn.fill_auto(description, known)


def specs(fields: Spec) -> dict[str, nn.TensorSpec]:
    """Returns the fields of a batch as the network sees them."""
    return {name: nn.batched(field.padded_shape, field.dtype) for name, field in fields.items()}


def field_of(fields: Spec, name: str, task: Task) -> Field:
    """Returns a field that a task names.

    Raises:
        ConfigError: The data have no such field.
    """
    if name not in fields:
        raise ConfigError(
            f"dataset: the task {task.name} needs a field '{name}', but the data have "
            f"{', '.join(fields)}{suggest(name, fields)}"
        )
    return fields[name]


def _first(sizes: Any) -> int | None:
    return next((size for size in sizes if size is not None), None)
