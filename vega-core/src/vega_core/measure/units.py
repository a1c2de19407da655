"""What of a graph a runtime computes in one go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from vega_core.nn import Graph, ops
from vega_core.nn.graph import Node
from vega_core.nn.rewrites import FoldBatchNorm
from vega_core.nn.rewrites.finding import readers

_LAYERS: Final = (ops.Conv, ops.ConvTranspose, ops.Gemm, ops.Add)
_NOTHING: Final = (ops.Constant, ops.Parameter, ops.Dropout, ops.Identity, ops.StopGradient)
"""What takes no time in evaluation."""


@dataclass(frozen=True)
class Unit:
    """An operator, with the rectifier that follows it, alone in a graph.

    Attributes:
        signature: Says what it computes on which shapes; equal ones take equally long.
        graph: The graph.
    """

    signature: str
    graph: Graph


def units(graph: Graph) -> Iterator[Unit]:
    """Yields the units of a graph in evaluation, each as often as it is computed.

    Batch normalizations are folded into the layers before them, as runtimes do, and what does
    nothing in evaluation is left out.
    """
    whole = FoldBatchNorm()(graph.in_mode("eval"))
    following = _rectifiers(whole)
    taken = {node.name for node in following.values()}
    for node in whole.nodes:
        if node.name not in taken and not isinstance(node.op, _NOTHING):
            yield _unit(whole, node, following.get(node.name))


def _rectifiers(graph: Graph) -> dict[str, Node]:
    """Returns the rectifier that alone reads a layer, by the layer's name."""
    layers = {node.name for node in graph.nodes if isinstance(node.op, _LAYERS)}
    read = readers(graph)
    return {
        node.inputs[0]: node
        for node in graph.nodes
        if isinstance(node.op, ops.Relu)
        and node.inputs[0] in layers
        and read[node.inputs[0]] == [node.name]
    }


def _unit(graph: Graph, node: Node, rectifier: Node | None) -> Unit:
    names = {value: f"x{place}" for place, value in enumerate(dict.fromkeys(node.inputs))}
    alone = replace(node, name="y", inputs=tuple(names[value] for value in node.inputs))
    nodes: tuple[Node, ...] = (alone,)
    last = "y"
    specs = {names[value]: graph.specs[value] for value in names}
    inputs = dict(specs)
    for index in range(sum(value.partition(":")[0] == node.name for value in graph.specs)):
        specs[alone.value(index)] = graph.specs[node.value(index)]
    if rectifier is not None:
        last = "z"
        nodes = (alone, replace(rectifier, name=last, inputs=("y",)))
        specs[last] = graph.specs[rectifier.name]
    parameters = {name: graph.parameters[name] for name in node.params.values()}
    shapes = ", ".join(str(spec) for spec in inputs.values())
    signature = f"{node.op!r}({shapes})" + ("+Relu" if rectifier else "")
    return Unit(signature, Graph(inputs, {}, parameters, nodes, {"output": last}, specs))
