"""What an exporter is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from vega_core.arrays import Array
from vega_core.nn.graph import Graph

Arrays: TypeAlias = Mapping[str, Array]
Predict: TypeAlias = Callable[[Arrays], Arrays]
"""From a batch, inputs by name, to outputs by name."""


@dataclass(frozen=True)
class Exportable:
    """A trained model, as an exporter takes it.

    Attributes:
        graph: The network; modes may be open, and losses are left out when it is exported.
        parameters: Every parameter and statistic by name.
        sample: A batch of two samples or more, by input name, as the network takes them.
        predict: What the model gives for a batch: a backend's predictions, or the reference's.
            What was exported is held against it.
        controls: Controls that differ from their defaults; for a choice, number of the candidate.
        description: What the graph was built from; kept in the file where the format can.
        about: Further plain data to keep: name, metrics, classes.
    """

    graph: Graph
    parameters: Arrays
    sample: Arrays
    predict: Predict
    controls: Mapping[str, float | Array] = field(default_factory=dict)
    description: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
