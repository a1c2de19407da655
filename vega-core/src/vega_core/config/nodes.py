"""A configuration as a tree in which every key and value knows where it was written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal, NamedTuple, TypeAlias

from vega_core.config.scalars import Scalar

Path: TypeAlias = "tuple[str | int, ...]"
"""Keys and indices that lead from the root of a configuration to one of its values."""

Origin: TypeAlias = Literal["", "ref", "default", "models"]


class Mark(NamedTuple):
    """A place: a file, or what else a value came from, with line and column counted from 1.

    A value from Python or from the command line has line 0.
    """

    origin: str
    line: int = 0
    column: int = 0


@dataclass(slots=True)
class Node:
    """A value with its place, and the place of the key that it belongs to.

    Attributes:
        value: A scalar, a list of nodes, or nodes by key.
        mark: Where the value begins.
        key: Where its key begins, if it has one.
        inherited: How it came into its block, if its block does not give it itself: through a
            ``ref``; as a ``default``; or from the step whose ``models`` are taken over, which is
            known here only so that the block can be checked as the step will see it.
    """

    value: Scalar | list[Node] | dict[str, Node]
    mark: Mark
    key: Mark | None = None
    inherited: Origin = ""

    @property
    def place(self) -> Mark:
        """Where an error about this value points: its key, else the value."""
        return self.key or self.mark

    @property
    def items(self) -> dict[str, Node]:
        """The entries of a mapping; of anything else an empty dictionary."""
        return self.value if isinstance(self.value, dict) else {}

    def get(self, *path: str | int) -> Node | None:
        """Returns the node at a path below this one, or None."""
        node: Node | None = self
        for step in path:
            node = _child(node, step)
            if node is None:
                return None
        return node

    def nearest(self, path: Sequence[str | int]) -> Node:
        """Returns the deepest node that exists on a path."""
        node = self
        for step in path:
            child = _child(node, step)
            if child is None:
                break
            node = child
        return node

    def plain(self, without: Collection[Origin] = ()) -> Any:
        """Returns the value as dictionaries, lists and scalars, sharing nothing.

        Args:
            without: Leaves out what came into its block these ways.
        """
        if isinstance(self.value, dict):
            items = self.value.items()
            return {
                key: node.plain(without) for key, node in items if node.inherited not in without
            }
        if isinstance(self.value, list):
            return [node.plain(without) for node in self.value]
        return self.value

    def copy(self) -> Node:
        """Returns a deep copy with the same places."""
        value = self.value
        if isinstance(value, dict):
            value = {key: node.copy() for key, node in value.items()}
        elif isinstance(value, list):
            value = [node.copy() for node in value]
        return Node(value, self.mark, self.key, self.inherited)

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Yields this node and all below it with their paths, parents first."""
        yield path, self
        if isinstance(self.value, dict):
            for key, node in self.value.items():
                yield from node.walk((*path, key))
        elif isinstance(self.value, list):
            for index, node in enumerate(self.value):
                yield from node.walk((*path, index))


def to_node(value: Any, mark: Mark, key: Mark | None = None) -> Node:
    """Returns the tree of a Python value, all of it placed at one mark.

    Raises:
        TypeError: A value that a configuration file could not hold.
    """
    if isinstance(value, Node):
        return value
    if value is None or type(value) in (str, int, float, bool):
        return Node(value, mark, key)
    if isinstance(value, PurePath):
        return Node(str(value), mark, key)
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("keys must be text")
        return Node({name: to_node(item, mark, mark) for name, item in value.items()}, mark, key)
    if isinstance(value, (list, tuple)):
        return Node([to_node(item, mark) for item in value], mark, key)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return to_node(value.item(), mark, key)
    raise TypeError(f"a value of type {type(value).__name__} cannot be written in a configuration")


def dotted(path: Sequence[str | int]) -> str:
    """Returns a path as it is written in messages: ``hyperparameters[3].range``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _child(node: Node | None, step: str | int) -> Node | None:
    value = node.value if node is not None else None
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        return value[step]
    return None
