"""Finding the nodes that a rewrite is for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from vega_core.errors import ModelError, suggest
from vega_core.nn import ops
from vega_core.nn.graph import Graph, Node
from vega_core.nn.ops.elementwise import Unary

SIGNS = "*?["


def fits(name: str, pattern: str) -> bool:
    """Tells whether a name, or a module around it, is what a pattern means."""
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def node_of(graph: Graph, name: str) -> Node:
    """Returns the node of a name.

    Raises:
        ModelError: There is none.
    """
    for node in graph.nodes:
        if node.name == name:
            return node
    names = [node.name for node in graph.nodes]
    raise ModelError(f"there is no node {name!r}{suggest(name, names)}")


def nodes_like(graph: Graph, pattern: str, what: str, kinds: type | tuple[type, ...]) -> list[Node]:
    """Returns the nodes of some types whose names fit a pattern.

    Args:
        graph: The graph.
        pattern: The name of a node or module, or a pattern of such.
        what: What is looked for, for the message.
        kinds: Types of operators.

    Raises:
        ModelError: There are none.
    """
    named = [node for node in graph.nodes if fits(node.name, pattern)]
    found = [node for node in named if isinstance(node.op, kinds)]
    if not found:
        names = [node.name for node in graph.nodes if isinstance(node.op, kinds)]
        hint = "" if set(pattern) & set(SIGNS) else suggest(pattern, names)
        raise ModelError(f"{pattern!r} matches no {what}{hint}")
    return found


def readers(graph: Graph) -> dict[str, list[str]]:
    """Returns, for each value, the names of the nodes and outputs that read it."""
    found: dict[str, list[str]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            found.setdefault(name, []).append(node.name)
    for output, value in graph.outputs.items():
        found.setdefault(value, []).append(f"output {output}")
    return found


def users(graph: Graph) -> dict[str, list[str]]:
    """Returns, for each parameter, the names of the nodes that have it."""
    found: dict[str, list[str]] = {}
    for node in graph.nodes:
        for name in node.params.values():
            found.setdefault(name, []).append(node.name)
    return found


def never_negative(graph: Graph) -> set[str]:
    """Returns the values that cannot be negative, whatever the parameters are."""
    known: set[str] = set()
    for node in graph.nodes:
        if _gives_none_below_zero(node, known):
            known.update(graph.values(node))
    return known


_ABOVE = (ops.Relu, ops.Sigmoid, ops.HardSigmoid, ops.Softmax, ops.Softplus, ops.Abs, ops.Exp)
_KEEPING = (
    ops.AdaptiveAveragePool,
    ops.AdaptiveMaxPool,
    ops.Add,
    ops.AveragePool,
    ops.ChannelShuffle,
    ops.Concat,
    ops.DepthToSpace,
    ops.Dropout,
    ops.Expand,
    ops.Flatten,
    ops.GlobalAveragePool,
    ops.GlobalMaxPool,
    ops.Identity,
    ops.MaxPool,
    ops.Mul,
    ops.ReduceMax,
    ops.ReduceMean,
    ops.ReduceSum,
    ops.Relu,
    ops.Reshape,
    ops.Resize,
    ops.Slice,
    ops.SpaceToDepth,
    ops.Split,
    ops.Squeeze,
    ops.StopGradient,
    ops.Transpose,
    ops.Unsqueeze,
)


def _gives_none_below_zero(node: Node, known: Collection[str]) -> bool:
    op = node.op
    if isinstance(op, _ABOVE):
        return True
    if isinstance(op, ops.Clip):
        return op.min is not None and op.min >= 0
    inputs = node.inputs[:1] if isinstance(op, ops.Dropout) else node.inputs
    return isinstance(op, _KEEPING) and all(name in known for name in inputs)


def weighted(graph: Graph) -> Iterator[Node]:
    """Yields the convolutions and dense layers that have a weight of their own, in order."""
    for node in graph.nodes:
        if isinstance(node.op, (ops.Conv, ops.ConvTranspose, ops.Gemm)) and "weight" in node.params:
            yield node


def towards(graph: Graph, value: str) -> Node | None:
    """Returns the last convolution or dense layer before a value, through what keeps channels."""
    made = {name: node for node in graph.nodes for name in graph.values(node)}
    while (node := made.get(value)) is not None:
        if isinstance(node.op, (ops.Conv, ops.ConvTranspose, ops.Gemm)):
            return node
        if not isinstance(node.op, (Unary, *_KEEPING)) or not node.inputs:
            return None
        value = node.inputs[0]
    return None
