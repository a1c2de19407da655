"""Where gradients flow among the values of a graph, segment by segment."""

from __future__ import annotations

from collections.abc import Collection

from vega_core.backend.flows import floating, sources
from vega_core.nn import Graph, ops


def required(graph: Graph, trained: Collection[str]) -> frozenset[str]:
    """Returns the values that depend on a parameter that is trained."""
    found: set[str] = set()
    for node in graph.nodes:
        inputs = node.inputs[1:] if isinstance(node.op, ops.Choice) else sources(node)
        if any(name in trained for name in node.params.values()) or found.intersection(inputs):
            found.update(value for value in graph.values(node) if floating(graph, value))
    return frozenset(found)
