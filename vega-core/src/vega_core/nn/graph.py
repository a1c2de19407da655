"""The immutable graph of named primitive operators."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from vega_core.nn.ops.control import ByMode
from vega_core.nn.primitive import Mode, ParameterSpec, Primitive
from vega_core.nn.shapes import Shape, TensorSpec

if TYPE_CHECKING:
    from vega_core.nn.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Node:
    """One operator at one place of a graph.

    Attributes:
        name: Unique in the graph. It is also the name of the first output; output k > 0 of an
            operator with several is ``name:k``.
        op: What is computed.
        inputs: Names of values: graph inputs, controls, or outputs of earlier nodes.
        params: Full parameter name by role (``{"weight": "layer1.0.conv1.conv.weight"}``); two
            nodes with the same names share them.
        module: Dotted path of the module whose `forward` emitted it; it computes nothing, and is no
            part of the hash.
    """

    name: str
    op: Primitive
    inputs: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    module: str = ""

    def value(self, index: int = 0) -> str:
        """Returns the name of output ``index``."""
        return self.name if index == 0 else f"{self.name}:{index}"

    @property
    def owner(self) -> str:
        """What has its parameters: ``fc`` of ``fc.weight`` at any call; its name if it has none."""
        owners = {name.removesuffix(f".{role}") for role, name in self.params.items()}
        own = len(owners) == 1 and not owners.intersection(self.params.values())
        return owners.pop() if own else self.name


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """A run-time input that is no data: given anew at each step, and never compiled in.

    Attributes:
        default: The value, everywhere, where a step does not give it.
        shape: Its shape; () for one number.
        dtype: Its element type.
    """

    default: float = 0.0
    shape: Shape = ()
    dtype: str = "float32"

    @property
    def spec(self) -> TensorSpec:
        """Shape and element type, as of any value."""
        return TensorSpec(self.shape, self.dtype)


@dataclass(frozen=True, eq=False)
class Graph:
    """A network as data: nodes in an order in which they can run.

    Make one with `vega_core.nn.trace` or `vega_core.nn.build_graph`; nothing changes it
    afterwards, rewriting gives a new one.

    Attributes:
        inputs: Specification of each data input.
        controls: Specification of each control: a rate, a mask, a choice.
        parameters: Specification of each parameter, statistics included.
        nodes: The operators.
        outputs: Value by output name.
        specs: Specification by value name; a consequence of the other fields.
    """

    inputs: Mapping[str, TensorSpec]
    controls: Mapping[str, ControlSpec]
    parameters: Mapping[str, ParameterSpec]
    nodes: tuple[Node, ...]
    outputs: Mapping[str, str]
    specs: Mapping[str, TensorSpec]

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical form, without initializers and the controls' defaults.

        Graphs of one hash run the same program on arrays of the same names and shapes, so a
        backend compiles them once.
        """
        from vega_core.nn.serial import graph_hash

        return graph_hash(self)

    @cached_property
    def _statistics(self) -> Statistics:
        from vega_core.nn.statistics import count

        return count(self)

    def stats(self) -> Statistics:
        """Returns parameters and multiply-adds, in total and a node; computed once."""
        return self._statistics

    def in_mode(self, mode: Mode) -> Graph:
        """Returns the graph in which every operator runs in ``mode`` unless its own is fixed.

        What only the other mode needs is gone.
        """
        nodes = tuple(
            node if (op := node.op.in_mode(mode)) is node.op else replace(node, op=op)
            for node in self.nodes
        )
        chosen = {n.name: n.inputs[n.op.place] for n in nodes if isinstance(n.op, ByMode)}
        return replace(self, nodes=nodes).redirected(chosen)

    def redirected(self, values: Mapping[str, str]) -> Graph:
        """Returns the graph in which whatever reads a key of ``values`` reads its value instead.

        Nodes, parameters and controls that nothing needs any more are left out; inputs stay.

        Args:
            values: An earlier value of the same specification, by value name.
        """

        def final(value: str) -> str:
            while value in values:
                value = values[value]
            return value

        nodes = [
            replace(node, inputs=tuple(map(final, node.inputs)))
            if any(name in values for name in node.inputs)
            else node
            for node in self.nodes
        ]
        outputs = {name: final(value) for name, value in self.outputs.items()}
        return replace(self._needed(nodes, outputs), inputs=self.inputs)

    def pruned(self) -> Graph:
        """Returns the graph without nodes, parameters and controls that no output needs."""
        return replace(self._needed(self.nodes, self.outputs), inputs=self.inputs)

    def restricted(self, inputs: Collection[str]) -> Graph:
        """Returns the part that runs on ``inputs`` alone: fewer outputs, no idle nodes."""
        known = {*inputs, *self.controls}
        for node in self.nodes:
            if all(name in known for name in node.inputs):
                known.update(self.values(node))
        outputs = {name: value for name, value in self.outputs.items() if value in known}
        return self._needed(self.nodes, outputs)

    def values(self, node: Node) -> tuple[str, ...]:
        """Returns the names of a node's outputs."""
        names, index = [node.name], 1
        while f"{node.name}:{index}" in self.specs:
            names.append(f"{node.name}:{index}")
            index += 1
        return tuple(names)

    def _needed(self, nodes: Iterable[Node], outputs: Mapping[str, str]) -> Graph:
        """Returns the nodes that outputs need, and what those need."""
        needed, kept = set(outputs.values()), []
        for node in reversed(tuple(nodes)):
            if needed.intersection(self.values(node)):
                kept.append(node)
                needed.update(node.inputs)
        used = {name for node in kept for name in node.params.values()}
        return Graph(
            {name: spec for name, spec in self.inputs.items() if name in needed},
            {name: spec for name, spec in self.controls.items() if name in needed},
            {name: spec for name, spec in self.parameters.items() if name in used},
            tuple(reversed(kept)),
            outputs,
            self.specs,
        )
