"""Where gradients flow in a graph: what can have one, known before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable

from vega_core.nn import Graph, ops
from vega_core.nn.graph import Node


def reached(graph: Graph, losses: Iterable[str]) -> frozenset[str]:
    """Returns the parameters that losses are differentiated by.

    Args:
        graph: The graph; of a choice that is left in it, every candidate counts.
        losses: Values to differentiate.
    """
    values, params = set(losses), set[str]()
    for node in reversed(graph.nodes):
        if values.intersection(graph.values(node)):
            params.update(node.params.values())
            values.update(value for value in sources(node) if floating(graph, value))
    return frozenset(params)


def sources(node: Node) -> tuple[str, ...]:
    """Returns the inputs of a node that its outputs can be differentiated by."""
    op = node.op
    if isinstance(op, (ops.StopGradient, ops.Random)):
        return ()
    if isinstance(op, (ops.SoftmaxCrossEntropyLoss, ops.BinaryCrossEntropyLoss)):
        return node.inputs[:2]
    return node.inputs


def floating(graph: Graph, value: str) -> bool:
    """Whether a value is of floats."""
    return graph.specs[value].dtype.startswith("float")
