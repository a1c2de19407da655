"""Cutting a graph with choices into segments: stretches that are computed whole or not at all.

A segment holds no choice. All of its nodes are on one branch, wait for the same choices and are
needed by the same ones, so that whatever is chosen, each segment runs as a whole or has nothing to
do. Which segments there are depends on no choice, and so neither on how many are built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Final, TypeAlias

from vega_core.nn import Graph, ops
from vega_core.nn.choices import Branch, branches
from vega_core.nn.graph import Node

Needs: TypeAlias = frozenset[Branch | None]
"""The branches that need a node beside its own; None stands for that."""

_OWN: Final = None


@dataclass(frozen=True)
class Segment:
    """Nodes that are computed together.

    Attributes:
        nodes: The nodes, in order.
        branch: The branch that they are on.
        needs: What needs them.
        inputs: Values that they read: of the graph, of other segments, or results of choices.
        outputs: Values that something else reads.
        params: Names of the parameters that they read.
    """

    nodes: tuple[Node, ...]
    branch: Branch
    needs: Needs
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: tuple[str, ...]


class Segments:
    """The segments of a graph whose modes are fixed.

    Attributes:
        all: The segments, in an order in which they can run.
        choices: The nodes that choose, by name.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._branches = branches(graph)
        self._producers = {value: node for node in graph.nodes for value in graph.values(node)}
        self._readers: dict[str, set[str]] = {}
        for node in graph.nodes:
            for value in node.inputs:
                self._readers.setdefault(value, set()).add(node.name)
        self.choices = {n.name: n for n in graph.nodes if isinstance(n.op, ops.Choice)}
        self._needs = self._all_needs()
        levels = self._levels()
        groups: dict[object, list[Node]] = {}
        for node in graph.nodes:
            if node.name not in self.choices:
                key = self._branches[node.name], levels[node.name], self._needs[node.name]
                groups.setdefault(key, []).append(node)
        self.all = self._ordered([self._segment(nodes) for nodes in groups.values()])

    def live(self, chosen: Mapping[str, int]) -> list[Segment]:
        """Returns the segments that have something to do.

        Args:
            chosen: Number of the candidate by control.
        """
        known: dict[str, bool] = {}

        def on(branch: Branch) -> bool:
            return all(
                chosen[self.choices[name].inputs[0]] == place and needed(name)
                for name, place in branch
            )

        def needed(name: str) -> bool:
            if name not in known:
                needs = self._needs[name]
                known[name] = any(need is _OWN or on(need) for need in needs)
            return known[name]

        return [
            segment
            for segment in self.all
            if on(segment.branch) and any(n is _OWN or on(n) for n in segment.needs)
        ]

    def resolved(self, value: str, chosen: Mapping[str, int]) -> str:
        """Returns the value that the result of a choice is; any other value is itself."""
        while value in self.choices:
            index, *candidates = self.choices[value].inputs
            value = candidates[chosen[index]]
        return value

    def _reads(self, node: Node) -> Iterator[tuple[Node, Branch, bool]]:
        """Yields what produces each value that a node reads, and from which branch it is read.

        The last says whether it is a candidate, taken out of that branch.
        """
        own = self._branches[node.name]
        for place, value in enumerate(node.inputs):
            if value in self._producers:
                taken = place > 0 and node.name in self.choices
                reader = (*own, (node.name, place - 1)) if taken else own
                yield self._producers[value], reader, taken

    def _levels(self) -> dict[str, int]:
        """Returns how many choices of its own branch a node waits for, one after another."""
        levels = dict.fromkeys((node.name for node in self._graph.nodes), 0)
        for node in self._graph.nodes:
            for producer, reader, taken in self._reads(node):
                home = self._branches[producer.name]
                if taken and reader == home:
                    continue  # what the branch itself waits for has been told already
                waits = levels[producer.name] + (producer.name in self.choices)
                # What is read further inside is waited for by the choice that leads there.
                waiting = node.name if reader == home else reader[len(home)][0]
                levels[waiting] = max(levels[waiting], waits)
        return levels

    def _all_needs(self) -> dict[str, Needs]:
        found: dict[str, set[Branch | None]] = {node.name: set() for node in self._graph.nodes}
        for value in self._graph.outputs.values():
            if value in self._producers:
                found[self._producers[value].name].add(_OWN)
        for node in reversed(self._graph.nodes):
            for producer, reader, taken in self._reads(node):
                home, needs = self._branches[producer.name], found[producer.name]
                if reader != home:
                    needs.add(reader)
                elif taken:
                    needs.add(_OWN)
                else:
                    needs.update(found[node.name])
        return {name: frozenset(needs) for name, needs in found.items()}

    def _segment(self, nodes: Sequence[Node]) -> Segment:
        graph, inside = self._graph, {node.name for node in nodes}
        made = {value for node in nodes for value in graph.values(node)}
        read = dict.fromkeys(v for node in nodes for v in node.inputs if v not in made)
        given = {*graph.outputs.values()}
        outputs = [
            value
            for node in nodes
            for value in graph.values(node)
            if value in given or not inside.issuperset(self._readers.get(value, ()))
        ]
        params = dict.fromkeys(name for node in nodes for name in node.params.values())
        first = nodes[0].name
        return Segment(
            tuple(nodes),
            self._branches[first],
            self._needs[first],
            tuple(read),
            tuple(outputs),
            tuple(params),
        )

    def _ordered(self, segments: Sequence[Segment]) -> tuple[Segment, ...]:
        home = {v: i for i, segment in enumerate(segments) for v in segment.outputs}
        sorter: TopologicalSorter[int] = TopologicalSorter()
        for index, segment in enumerate(segments):
            read = [v for value in segment.inputs for v in self._sources(value)]
            sorter.add(index, *dict.fromkeys(home[v] for v in read if v in home))
        return tuple(segments[index] for index in sorter.static_order())

    def _sources(self, value: str) -> Iterator[str]:
        """Yields the values that may be behind one."""
        if value not in self.choices:
            yield value
            return
        for candidate in self.choices[value].inputs[1:]:
            yield from self._sources(candidate)
