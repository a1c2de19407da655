"""Where gradients flow among the values of a graph, segment by segment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from vega_core.backend.flows import floating, sources
from vega_core.nn import Graph, ops
from vega_core.nn.graph import Node


def required(graph: Graph, trained: Collection[str]) -> frozenset[str]:
    """Returns the values that depend on a parameter that is trained."""
    found: set[str] = set()
    for node in graph.nodes:
        inputs = node.inputs[1:] if isinstance(node.op, ops.Choice) else sources(node)
        if any(name in trained for name in node.params.values()) or found.intersection(inputs):
            found.update(value for value in graph.values(node) if floating(graph, value))
    return frozenset(found)


def reached(
    graph: Graph, nodes: Iterable[Node], losses: Iterable[str], actual: Mapping[str, str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Returns the values, and the parameters, that losses are differentiated by.

    Args:
        graph: The graph.
        nodes: The nodes that are computed, in order.
        losses: Values to differentiate.
        actual: The value that each result of a choice is.
    """
    values, params = set(losses), set[str]()
    for node in reversed(tuple(nodes)):
        if values.intersection(graph.values(node)):
            params.update(node.params.values())
            values.update(actual.get(v, v) for v in sources(node) if floating(graph, v))
    return frozenset(values), frozenset(params)
