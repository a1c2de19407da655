"""The immutable graph of named primitive operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from vega_core.nn.primitive import Mode, ParameterSpec, Primitive
from vega_core.nn.shapes import TensorSpec

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
    """

    name: str
    op: Primitive
    inputs: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)

    def value(self, index: int = 0) -> str:
        """Returns the name of output ``index``."""
        return self.name if index == 0 else f"{self.name}:{index}"


@dataclass(frozen=True, eq=False)
class Graph:
    """A network as data: nodes in an order in which they can run.

    Make one with `vega_core.nn.trace` or `vega_core.nn.build_graph`; nothing changes it
    afterwards, rewriting gives a new one.

    Attributes:
        inputs: Specification of each data input.
        controls: Default of each control: a number that is given anew at each step.
        parameters: Specification of each parameter, statistics included.
        nodes: The operators.
        outputs: Value by output name.
        specs: Specification by value name; a consequence of the other fields.
    """

    inputs: Mapping[str, TensorSpec]
    controls: Mapping[str, float]
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
        """Returns the graph in which every operator runs in ``mode`` unless its own is fixed."""
        nodes = tuple(
            node
            if (op := node.op.in_mode(mode)) is node.op
            else Node(node.name, op, node.inputs, node.params)
            for node in self.nodes
        )
        return Graph(self.inputs, self.controls, self.parameters, nodes, self.outputs, self.specs)

    def restricted(self, inputs: frozenset[str]) -> Graph:
        """Returns the part that runs on ``inputs`` alone: fewer outputs, no idle nodes."""
        known = {*inputs, *self.controls}
        for node in self.nodes:
            if all(name in known for name in node.inputs):
                known.update(self.values(node))
        outputs = {name: value for name, value in self.outputs.items() if value in known}
        needed, kept = set(outputs.values()), []
        for node in reversed(self.nodes):
            if needed.intersection(self.values(node)):
                kept.append(node)
                needed.update(node.inputs)
        used = {name for node in kept for name in node.params.values()}
        return Graph(
            {name: spec for name, spec in self.inputs.items() if name in needed},
            {name: value for name, value in self.controls.items() if name in needed},
            {name: spec for name, spec in self.parameters.items() if name in used},
            tuple(reversed(kept)),
            outputs,
            self.specs,
        )

    def values(self, node: Node) -> tuple[str, ...]:
        """Returns the names of a node's outputs."""
        names, index = [node.name], 1
        while f"{node.name}:{index}" in self.specs:
            names.append(f"{node.name}:{index}")
            index += 1
        return tuple(names)
