"""How a graph runs: compiled by XLA, traced, or eagerly."""

from __future__ import annotations

from typing import Literal, TypeAlias

from vega_backend_tf.function import Mode
from vega_backend_tf.lower import LOWERINGS
from vega_backend_tf.rules import RULES
from vega_core.backend import TrainSpec
from vega_core.nn import Graph

Option: TypeAlias = Literal["auto", "xla", "graph", "eager"]


def choose(option: Option, graph: Graph, spec: TrainSpec | None) -> Mode:
    """Returns how a graph runs.

    On a CPU XLA was slower wherever it was measured (docs/decisions/0007-choices.md), and takes
    five times as long to begin; so it runs where it is asked for.

    Args:
        option: What the user chose.
        graph: The graph, its modes fixed.
        spec: What is trained; None in prediction.
    """
    if option == "xla" and compilable(graph, spec):
        return "xla"
    return "eager" if option == "eager" else "graph"


def compilable(graph: Graph, spec: TrainSpec | None) -> bool:
    """Returns whether XLA can compile a graph: it holds nothing but what it knows."""
    known = all(type(node.op) in LOWERINGS for node in graph.nodes)
    return known and (spec is None or type(spec.optimizer) in RULES)
