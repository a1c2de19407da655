"""Where gradients flow in a graph: what can have one, known before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from vega_core.nn import Graph, ops
from vega_core.nn.graph import Node


def reached(
    graph: Graph,
    losses: Iterable[str],
    nodes: Sequence[Node] | None = None,
    actual: Mapping[str, str] = MappingProxyType({}),
) -> tuple[frozenset[str], frozenset[str]]:
    """Returns the values, and the parameters, that losses are differentiated by.

    Args:
        graph: The graph; of a choice that is left in it, every candidate counts.
        losses: Values to differentiate.
        nodes: The nodes that are computed, in order; by default all.
        actual: The value that each result of a choice is, where choices are made.
    """
    values, params = set(losses), set[str]()
    for node in reversed(graph.nodes if nodes is None else nodes):
        if values.intersection(graph.values(node)):
            params.update(node.params.values())
            values.update(actual.get(v, v) for v in sources(node) if floating(graph, v))
    return frozenset(values), frozenset(params)


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
