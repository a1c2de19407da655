"""Which values have the same channels, and which operators make them.

The channels of a value are its axis 1, as in (N, C, *spatial) and (N, features). Two values are in
one group where an operator gives one from the other channel by channel, or adds them up. What an
operator does with channels is its `Flow`; one that is not known here stops the analysis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Final

from vega_core.nn import ops
from vega_core.nn.graph import Graph, Node
from vega_core.nn.ops.elementwise import Binary, Unary
from vega_core.nn.ops.reduction import Reduction
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import TensorSpec, axis_of, show


@dataclass(frozen=True, slots=True)
class Flow:
    """What an operator does with channels.

    Attributes:
        through: Places of the inputs whose channels are, one by one, those of the output.
        makes: Whether an attribute of the operator says how many channels the output has.
        stops: Where neither says it all: why the output has as many channels as it has.
    """

    through: tuple[int, ...] = ()
    makes: bool = False
    stops: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Values that have the same channels.

    Attributes:
        channels: How many.
        values: Names of the values, in order.
        makers: The nodes that make the channels.
        fixed: Other reasons why they are so many; empty where the makers alone say it.
    """

    channels: int
    values: tuple[str, ...]
    makers: tuple[Node, ...]
    fixed: tuple[str, ...]


FIRST: Final = Flow(through=(0,))
MAKES: Final = Flow(makes=True)


def channel_groups(graph: Graph) -> dict[str, Group]:
    """Returns the group of every value that has channels, by value name."""
    return _Analysis(graph).groups()


@singledispatch
def flow(op: Primitive, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:  # noqa: ARG001
    """Returns what an operator does with the channels of an output that has some.

    Args:
        op: The operator.
        inputs: What it reads.
        output: One of its outputs.
    """
    return Flow(stops="come out of")


@flow.register(Unary)
@flow.register(ops.BatchNormalization)
@flow.register(ops.LayerNormalization)
@flow.register(ops.GroupNormalization)
@flow.register(ops.InstanceNormalization)
@flow.register(ops.MaxPool)
@flow.register(ops.AveragePool)
@flow.register(ops.GlobalAveragePool)
@flow.register(ops.GlobalMaxPool)
@flow.register(ops.AdaptiveAveragePool)
@flow.register(ops.AdaptiveMaxPool)
@flow.register(ops.Resize)
@flow.register(ops.Dropout)
@flow.register(ops.PRelu)
@flow.register(ops.Cast)
@flow.register(ops.CumSum)
@flow.register(ops.StopGradient)
def _first(op: Primitive, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:  # noqa: ARG001
    return FIRST


@flow.register(Binary)
@flow.register(ops.Where)
@flow.register(ops.ByMode)
def _aligned(op: Primitive, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:  # noqa: ARG001
    """An input of size 1 on the axis says nothing: it is repeated."""
    through, stops = [], ""
    for place, spec in enumerate(inputs):
        axis = 1 - (len(output.shape) - len(spec.shape))
        if axis < 0 or (spec.shape[axis] == 1 and output.shape[1] != 1):
            continue
        if axis == 1:
            through.append(place)
        else:
            stops = f"are those of an array of shape {show(spec.shape)} in"
    return Flow(tuple(through), stops=stops)


@flow.register
def _chosen(op: ops.Choice, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:  # noqa: ARG001
    return Flow(tuple(range(1, len(inputs))))


@flow.register(ops.Conv)
@flow.register(ops.ConvTranspose)
def _convolved(
    op: ops.Conv | ops.ConvTranspose,
    inputs: Sequence[TensorSpec],
    output: TensorSpec,  # noqa: ARG001
) -> Flow:
    """A depthwise convolution has one channel out for each one in."""
    depthwise = 1 < op.group == inputs[0].shape[1] == op.out_channels
    return FIRST if depthwise else MAKES


@flow.register
def _dense(op: ops.Gemm, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:  # noqa: ARG001
    return MAKES


@flow.register(ops.Flatten)
@flow.register(ops.Reshape)
@flow.register(ops.Squeeze)
@flow.register(ops.Unsqueeze)
@flow.register(ops.Expand)
def _reshaped(op: Primitive, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:  # noqa: ARG001
    kept = inputs[0].shape[:2] == output.shape[:2]
    return FIRST if kept else Flow(stops="are made of more axes than the channels by")


@flow.register
def _transposed(op: ops.Transpose, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:  # noqa: ARG001
    return FIRST if op.perm[:2] == (0, 1) else Flow(stops="are another axis before")


@flow.register
def _reduced(op: Reduction, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:  # noqa: ARG001
    kept = min(op.places(inputs[0].shape), default=2) > 1
    return FIRST if kept else Flow(stops="are what is left by")


@flow.register
def _padded(op: ops.Pad, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:  # noqa: ARG001
    kept = op.pads[1] == op.pads[1 + len(op.pads) // 2] == 0
    return FIRST if kept else Flow(stops="are padded by")


@flow.register
def _joined(op: ops.Concat, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:
    if axis_of(op.axis, output.shape) == 1:
        return Flow(stops="are concatenated by")
    return Flow(tuple(range(len(inputs))))


@flow.register(ops.Slice)
@flow.register(ops.Split)
def _cut(op: Any, inputs: Sequence[TensorSpec], output: TensorSpec) -> Flow:
    axes = op.axes if isinstance(op, ops.Slice) else (op.axis,)
    whole = all(axis_of(axis, inputs[0].shape) != 1 for axis in axes)
    kept = whole or inputs[0].shape[1] == output.shape[1]
    return FIRST if kept else Flow(stops="are a part cut out by")


class _Analysis:
    """Joins the values of a graph into groups."""

    def __init__(self, graph: Graph) -> None:
        self._specs: Mapping[str, TensorSpec] = {
            name: spec for name, spec in graph.specs.items() if len(spec.shape) > 1
        }
        self._parent = {name: name for name in self._specs}
        self._makers: dict[str, list[Node]] = {}
        self._fixed: dict[str, list[str]] = {}
        for what, names in (("input", graph.inputs), ("control", graph.controls)):
            for name in names:
                self._fixed[name] = [f"come from the {what} {name!r}"]
        sharing: dict[str, Node] = {}
        for node in graph.nodes:
            for value in graph.values(node):
                if value in self._specs:
                    self._node(node, value, [graph.specs[name] for name in node.inputs])
            for name in node.params.values():  # shared weights have one shape
                first = sharing.setdefault(name, node)
                self._join(node.name, first.name)
                for one, other in zip(node.inputs, first.inputs, strict=False):
                    self._join(one, other)

    def groups(self) -> dict[str, Group]:
        members: dict[str, list[str]] = {}
        for name in self._specs:
            members.setdefault(self._root(name), []).append(name)
        found: dict[str, Group] = {}
        for names in members.values():
            makers = [node for name in names for node in self._makers.get(name, ())]
            fixed = [reason for name in names for reason in self._fixed.get(name, ())]
            channels = self._specs[names[0]].shape[1]
            group = Group(channels, tuple(names), tuple(makers), tuple(fixed))
            found.update(dict.fromkeys(names, group))
        return found

    def _node(self, node: Node, value: str, inputs: Sequence[TensorSpec]) -> None:
        found = flow(node.op, inputs, self._specs[value])
        for place in found.through:
            self._join(node.inputs[place], value)
        if found.makes:
            self._makers.setdefault(value, []).append(node)
        if found.stops:
            what = f"{found.stops} {type(node.op).__name__} {node.name!r}"
            self._fixed.setdefault(value, []).append(what)

    def _join(self, a: str, b: str) -> None:
        if a in self._specs and b in self._specs:
            self._parent[self._root(b)] = self._root(a)

    def _root(self, name: str) -> str:
        while (parent := self._parent[name]) != name:
            self._parent[name] = self._parent[parent]
            name = parent
        return name
