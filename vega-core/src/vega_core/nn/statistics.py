"""What a graph costs, counted without running it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from vega_core.nn.graph import Graph
from vega_core.nn.primitive import ParameterSpec
from vega_core.nn.shapes import Shape


@dataclass(frozen=True, slots=True)
class Layer:
    """Cost of one node.

    Attributes:
        name: The node.
        op: Type of its operator.
        shape: Shape of its first output; -1 is the batch size.
        params: Trained parameters that no earlier node has.
        macs: Multiply-adds for one sample.
    """

    name: str
    op: str
    shape: Shape
    params: int
    macs: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Cost of a graph.

    Attributes:
        params: Trained parameters; a shared one counts once, statistics do not.
        macs: Multiply-adds for one sample (what many papers call FLOPs).
        layers: The same a node, in order.
    """

    params: int
    macs: int
    layers: tuple[Layer, ...]


def count(graph: Graph) -> Statistics:
    """Counts a graph; use `Graph.stats`, which remembers."""
    seen: set[str] = set()
    layers = []
    for node in graph.nodes:
        inputs = [graph.specs[name] for name in node.inputs]
        output = graph.specs[node.name]
        fresh = [name for name in node.params.values() if name not in seen]
        seen.update(fresh)
        layers.append(
            Layer(
                node.name,
                type(node.op).__name__,
                output.shape,
                sum(_trained(graph.parameters, name) for name in fresh),
                node.op.macs(inputs, [output]),
            )
        )
    return Statistics(
        sum(layer.params for layer in layers), sum(layer.macs for layer in layers), tuple(layers)
    )


def _trained(parameters: Mapping[str, ParameterSpec], name: str) -> int:
    spec = parameters[name]
    return 0 if spec.kind == "statistic" else math.prod(spec.shape)
