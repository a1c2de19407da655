"""How long values are needed, where the branches of choices exclude one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vega_core.nn import ops
from vega_core.nn.choices import Branch
from vega_core.nn.graph import Graph, Node


class Lifetimes:
    """Where values of a graph are read for the last time.

    A value from outside of a choice that nothing after it needs dies inside each candidate: after
    its last reader there, or at once where the candidate does not read it.

    Args:
        graph: The graph.
        members: The nodes that belong to each branch itself, in order.

    Attributes:
        after: Values that are dead after a node, by the node's name.
        at_start: Values that a branch does not need, though another of its choice may.
        at_end: Values that are dead when a branch has given its result.
    """

    def __init__(self, graph: Graph, members: Mapping[Branch, Sequence[Node]]) -> None:
        self.after: dict[str, list[str]] = {}
        self.at_start: dict[Branch, list[str]] = {}
        self.at_end: dict[Branch, list[str]] = {}
        self._graph, self._members = graph, members
        self._readers: dict[str, list[Branch]] = {}
        for branch, nodes in members.items():
            for node in nodes:
                for place, value in enumerate(node.inputs):
                    reader = _inside(branch, node, place)
                    self._readers.setdefault(value, []).append(reader)
        self._close((), set(graph.outputs.values()))

    def reads_alone(self, value: str, branch: Branch) -> bool:
        """Whether one reader in a branch is the only one that can run, of all that read a value."""
        others = list(self._readers[value])
        others.remove(branch)
        return all(_exclude(branch, other) for other in others)

    def _close(self, branch: Branch, later: set[str]) -> None:
        """Finds the last readers in a block.

        Args:
            branch: The block's branch.
            later: Values that are needed after it; those that it reads are added.
        """
        for node in reversed(self._members.get(branch, ())):
            values = self._graph.values(node)
            if isinstance(node.op, ops.Choice):
                self._close_choice(branch, node, later)
                continue
            read = dict.fromkeys(node.inputs)
            dead = [value for value in (*read, *values) if value not in later]
            if dead:
                self.after[node.name] = dead
            later.update(read)

    def _close_choice(self, branch: Branch, node: Node, later: set[str]) -> None:
        inner: dict[Branch, set[str]] = {}
        for place, value in enumerate(node.inputs[1:], start=1):
            inside = _inside(branch, node, place)
            if value not in later:
                self.at_end[inside] = [value]
            inner[inside] = {*later, value}
            self._close(inside, inner[inside])
        made = {
            value
            for inside in inner
            for one in self._all_members(inside)
            for value in self._graph.values(one)
        }
        read = set[str]().union(*inner.values()) - later - made
        for inside, needed in inner.items():
            if idle := sorted(read - needed):
                self.at_start[inside] = idle
        later.update(read, node.inputs[:1])

    def _all_members(self, branch: Branch) -> list[Node]:
        depth = len(branch)
        return [
            node
            for other, nodes in self._members.items()
            if other[:depth] == branch
            for node in nodes
        ]


def _inside(branch: Branch, node: Node, place: int) -> Branch:
    """Returns the branch in which an input is read; candidates of a choice in their own."""
    if place and isinstance(node.op, ops.Choice):
        return (*branch, (node.name, place - 1))
    return branch


def _exclude(one: Branch, other: Branch) -> bool:
    """Whether two branches never run in one step: they are other candidates of one choice."""
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            return mine[0] == theirs[0]
    return False
