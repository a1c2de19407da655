"""One operator in place of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vega_core.arrays import Array
from vega_core.errors import ModelError, suggest
from vega_core.nn.graph import Graph
from vega_core.nn.ops import OPERATORS
from vega_core.nn.primitive import Primitive
from vega_core.nn.rewrites.finding import nodes_like
from vega_core.nn.rewriting import Rewrite, Site, rewritten
from vega_core.nn.shapes import show
from vega_core.nn.tensor import Tensor


@dataclass(frozen=True)
class SwapOperator(Rewrite):
    """Puts an operator in place of another, such as Swish in place of Relu.

    The node keeps its name. A parameter that both operators have under one name and of one shape is
    taken over; others begin anew.

    Attributes:
        old: Type of the operators that are replaced.
        new: Type of the operators that come.
        nodes: Names of the nodes, or of modules around them; a pattern.
        attributes: Attributes of the new operator that differ from its defaults.

    Example:
        >>> from vega_core import nn
        >>> class Net(nn.Network):
        ...     def forward(self, x: nn.Tensor) -> nn.Tensor:
        ...         return nn.relu(nn.Linear(8, name="fc")(x))
        >>> graph = nn.trace(Net(), {"x": nn.batched((4,))})
        >>> [type(node.op).__name__ for node in SwapOperator("Relu", "Swish")(graph).nodes]
        ['Gemm', 'Swish']
    """

    old: str
    new: str
    nodes: str = "*"
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _operator(self.old)
        self._made()

    def __call__(self, graph: Graph) -> Graph:
        found = nodes_like(graph, self.nodes, f"operator {self.old}", _operator(self.old))
        chosen, op = {node.name for node in found}, self._made()

        def edit(site: Site) -> tuple[Tensor, ...] | None:
            if site.node.name not in chosen:
                return None
            made = site.keep(op)
            for value, tensor in zip(graph.values(site.node), made, strict=False):
                if tensor.spec != graph.specs[value]:
                    raise ModelError(
                        f"{self.new} gives {show(tensor.shape)} {tensor.dtype} in place of "
                        f"{graph.specs[value]} at {value!r}"
                    )
            return made

        return rewritten(graph, edit)

    def _carry(
        self,
        graph: Graph,
        params: Mapping[str, Array],  # noqa: ARG002
    ) -> Mapping[str, Array | None]:
        new = self(graph)
        return {
            name: None
            for name, spec in graph.parameters.items()
            if name in new.parameters and new.parameters[name].shape != spec.shape
        }

    def _made(self) -> Primitive:
        return _operator(self.new).from_attributes(self.attributes)


def _operator(kind: str) -> type[Primitive]:
    if kind not in OPERATORS:
        raise ModelError(f"unknown operator {kind!r}{suggest(kind, OPERATORS)}")
    return OPERATORS[kind]
