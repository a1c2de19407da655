"""What a training step changes, given the branches that were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vega_core.backend import TrainSpec
from vega_core.backend.flows import reached
from vega_core.backend.rows import looked_up
from vega_core.nn import Graph
from vega_core.nn.choices import specialised
from vega_core.nn.ops import Embedding


@dataclass(frozen=True)
class Active:
    """What one selection of branches trains.

    Attributes:
        names: Trained parameters that the losses are differentiated by.
        rows: Outputs that hold the rows that are looked up, by the table's name.
    """

    names: tuple[str, ...]
    rows: Mapping[str, Sequence[str]]


def with_rows(graph: Graph) -> Graph:
    """Returns a graph that also puts out which rows of tables are looked up, by `rows_of`."""
    tables = looked_up(graph)
    found = {
        rows_of(node.name): node.inputs[0]
        for node in graph.nodes
        if isinstance(node.op, Embedding) and node.params["weight"] in tables
    }
    return replace(graph, outputs={**graph.outputs, **found}) if found else graph


def rows_of(node: str) -> str:
    """Returns the output that holds the rows which a lookup reads."""
    return f"rows:{node}"


def active(graph: Graph, spec: TrainSpec, chosen: Mapping[str, int]) -> Active:
    """Returns what a selection trains.

    Args:
        graph: The graph in training, with its rows.
        spec: What is trained.
        chosen: Number of the candidate by control.
    """
    part = specialised(graph, chosen) if chosen else graph
    _, differentiated = reached(part, [part.outputs[name] for name in spec.losses])
    names = tuple(name for name in spec.trained(graph) if name in differentiated)
    rows: dict[str, list[str]] = {}
    for node in part.nodes:
        if rows_of(node.name) in part.outputs and node.params["weight"] in names:
            rows.setdefault(node.params["weight"], []).append(rows_of(node.name))
    return Active(names, rows)
