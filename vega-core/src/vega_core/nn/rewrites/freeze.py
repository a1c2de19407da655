"""A part of a network that training leaves alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vega_core.errors import ModelError, suggest
from vega_core.nn.graph import Graph, Node
from vega_core.nn.ops import BatchNormalization
from vega_core.nn.rewrites.finding import SIGNS, fits
from vega_core.nn.rewriting import Rewrite


@dataclass(frozen=True)
class Freeze(Rewrite):
    """Makes parameters constants, which no training changes.

    Normalizations that have one of them run on their running statistics, which stay, in training
    too.

    Attributes:
        parameters: Names of parameters, or of modules around them; a pattern, such as ``backbone``
            or ``*.norm.weight``.

    Example:
        >>> from vega_core import nn
        >>> class Net(nn.Network):
        ...     def forward(self, x: nn.Tensor) -> nn.Tensor:
        ...         return nn.Linear(2, name="head")(nn.Linear(8, name="body")(x))
        >>> graph = Freeze("body")(nn.trace(Net(), {"x": nn.batched((4,))}))
        >>> [name for name, spec in graph.parameters.items() if spec.trained]
        ['head.weight', 'head.bias']
    """

    parameters: str

    def __call__(self, graph: Graph) -> Graph:
        frozen = {name for name in graph.parameters if fits(name, self.parameters)}
        if not frozen:
            hint = (
                "" if set(self.parameters) & set(SIGNS) else suggest(self.parameters, _paths(graph))
            )
            raise ModelError(f"{self.parameters!r} matches no parameter{hint}")
        parameters = {
            name: replace(spec, kind="constant") if name in frozen and spec.trained else spec
            for name, spec in graph.parameters.items()
        }

        def still(node: Node) -> Node:
            op = node.op
            if not isinstance(op, BatchNormalization) or frozen.isdisjoint(node.params.values()):
                return node
            return replace(node, op=replace(op, mode="eval"))

        return replace(graph, parameters=parameters, nodes=tuple(map(still, graph.nodes)))


def _paths(graph: Graph) -> set[str]:
    """Returns the names of all parameters and of the modules around them."""
    found = set(graph.parameters)
    for name in graph.parameters:
        while "." in name:
            name = name.rpartition(".")[0]
            found.add(name)
    return found
