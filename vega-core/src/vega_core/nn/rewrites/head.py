"""Another number of classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vega_core.arrays import Array
from vega_core.errors import ModelError, suggest
from vega_core.nn import ops
from vega_core.nn.channels import channel_groups
from vega_core.nn.graph import Graph, Node
from vega_core.nn.outputs import main_name
from vega_core.nn.rewrites.finding import towards
from vega_core.nn.rewriting import Rewrite, Site, rewritten
from vega_core.nn.tensor import Tensor


@dataclass(frozen=True)
class ReplaceHead(Rewrite):
    """Replaces the last layer before an output by one of another number of classes.

    Its parameters begin anew, also where the number stays; all others are taken over.

    Attributes:
        num_classes: Channels of the output, from now on.
        output: The output; by default the main one, which is called ``logits`` or ``output``, or
            is the only one.

    Example:
        >>> from vega_core import nn
        >>> graph = nn.trace(nn.Linear(1000, name="fc"), {"x": nn.batched((4,))})
        >>> new = ReplaceHead(10)(graph)
        >>> str(new.specs[new.outputs["output"]])
        '(N, 10) float32'
    """

    num_classes: int
    output: str | None = None

    def __post_init__(self) -> None:
        if self.num_classes < 1:
            raise ModelError(f"a number of classes is positive, and got {self.num_classes}")

    def __call__(self, graph: Graph) -> Graph:
        heads = self._heads(graph)
        names = {node.name for node in heads}
        weights = {node.name for head in heads for node in _computed_from(graph, head)}

        def edit(site: Site) -> tuple[Tensor, ...] | None:
            op: Any = site.node.op
            if site.node.name in weights:
                axis = int(any(isinstance(head.op, ops.ConvTranspose) for head in heads))
                shape = (*op.shape[:axis], self.num_classes, *op.shape[axis + 1 :])
                return site.keep(replace(op, shape=shape))
            if site.node.name not in names:
                return None
            size = "out_features" if isinstance(op, ops.Gemm) else "out_channels"
            return site.keep(replace(op, **{size: self.num_classes}))

        return rewritten(graph, edit)

    def _carry(
        self,
        graph: Graph,
        params: Mapping[str, Array],  # noqa: ARG002
    ) -> Mapping[str, Array | None]:
        heads = self._heads(graph)
        anew = [*heads, *(node for head in heads for node in _computed_from(graph, head))]
        return {name: None for node in anew for name in node.params.values()}

    def _heads(self, graph: Graph) -> list[Node]:
        """Returns the layers that make the classes: several where their outputs are added up."""
        value = graph.outputs[self._output(graph)]
        head = towards(graph, value)
        if head is None:
            raise ModelError(f"no convolution or dense layer makes the channels of {value!r}")
        group = channel_groups(graph)[head.name]
        if group.fixed:
            raise ModelError(
                f"the {group.channels} channels of {head.name!r} also {'; they '.join(group.fixed)}"
            )
        return list(group.makers)

    def _output(self, graph: Graph) -> str:
        if self.output is not None:
            if self.output not in graph.outputs:
                hint = suggest(self.output, graph.outputs)
                raise ModelError(f"there is no output {self.output!r}{hint}")
            return self.output
        name = main_name(graph.outputs)
        if name is None:
            raise ModelError(f"which output? There are {', '.join(graph.outputs)}")
        return name


def _computed_from(graph: Graph, head: Node) -> list[Node]:
    """Returns the parameters from which a layer's weight is computed, as of fake quantization."""
    if len(head.inputs) < 2:
        return []
    shape = graph.specs[head.inputs[1]].shape
    made = {name: node for node in graph.nodes for name in graph.values(node)}
    waiting, seen = [head.inputs[1]], set()
    while waiting:
        node = made.get(waiting.pop())
        if node is not None and node.name not in seen:
            seen.add(node.name)
            waiting.extend(node.inputs)
    return [
        node
        for node in graph.nodes
        if node.name in seen and isinstance(node.op, ops.Parameter) and node.op.shape == shape
    ]
