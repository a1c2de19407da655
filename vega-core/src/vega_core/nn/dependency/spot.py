"""What a rule sees of a node: the numbers of its inputs' channels, and those of its parameters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from vega_core.nn.dependency.labels import Ids, Labels
from vega_core.nn.graph import Node
from vega_core.nn.shapes import TensorSpec

Axis: TypeAlias = "Ids | None"
"""Numbers along an axis; None where nothing of it can be removed."""
Axes: TypeAlias = tuple[Axis, ...]
"""An entry for each axis of an array."""

FIXED = "fixed"
SUMMED = "summed"
MIXED = "mixed"


@dataclass
class Arrays:
    """The numbers along the axes of values and parameters found so far.

    Attributes:
        values: By value name.
        parameters: By parameter name.
        takes: Name and axis of the parameters that are multiplied with channels and summed up.
        seen: Name and axis of the parameters' axes that a use has said something of.
    """

    values: dict[str, Axes] = field(default_factory=dict)
    parameters: dict[str, list[Axis]] = field(default_factory=dict)
    takes: set[tuple[str, int]] = field(default_factory=set)
    seen: set[tuple[str, int]] = field(default_factory=set)


@dataclass(frozen=True)
class Spot:
    """One node.

    Attributes:
        node: The node.
        labels: Gives and joins numbers.
        arrays: What has been found so far.
        specs: Specification of each input.
        results: Specification of each output.
    """

    node: Node
    labels: Labels
    arrays: Arrays
    specs: Sequence[TensorSpec]
    results: Sequence[TensorSpec]

    @property
    def inputs(self) -> list[Axes]:
        """Numbers along the axes of each input."""
        return [self.arrays.values[name] for name in self.node.inputs]

    @property
    def title(self) -> str:
        """The node, as messages call it."""
        return f"{type(self.node.op).__name__} {self.node.name!r}"

    def fix(self, axis: Axis, why: str = "") -> None:
        """Says that what has these numbers must stay."""
        self._note(FIXED, axis, why or f"are read by {self.title}")

    def sum(self, axis: Axis) -> None:
        """Says that the node adds these channels up: without one it is as if that were zero."""
        self._note(SUMMED, axis, self.node.name)

    def mix(self, axis: Axis) -> None:
        """Says that what the node makes of a channel depends on these in another way."""
        self._note(MIXED, axis, self.node.name)

    def _note(self, what: str, axis: Axis, reason: str) -> None:
        if axis is not None:
            self.labels.note(what, axis, reason)

    def tie(self, a: Axis, b: Axis) -> Axis:
        """Joins what two axes of one size have at each place."""
        if a is None or b is None:
            for axis in (a, b):
                self.fix(axis, f"meet others that stay in {self.title}")
            return a if b is None else b
        self.labels.join(a, b)
        return a

    def fix_but(self, place: int, kept: Collection[int]) -> None:
        """Fixes all axes of an input but some."""
        for axis, ids in enumerate(self.inputs[place]):
            if axis not in kept:
                self.fix(ids)

    def parameter(self, role: str, axis: int, ids: Axis, *, takes: bool = False) -> None:
        """Says what an axis of a parameter has.

        Args:
            role: The parameter's role; one that the node does not have is passed over.
            axis: The axis.
            ids: Its numbers.
            takes: Whether the parameter is multiplied with channels of these numbers, and the
                products added up.
        """
        name = self.node.params.get(role)
        if name is None:
            return
        axes = self.arrays.parameters[name]
        known = (name, axis) in self.arrays.seen
        axes[axis] = self.tie(axes[axis], ids) if known else ids
        self.arrays.seen.add((name, axis))
        if takes:
            self.arrays.takes.add((name, axis))

    def made(self, role: str, axis: int, count: int) -> Ids:
        """Returns the numbers that a parameter makes: those of its first use, or new ones."""
        name = self.node.params.get(role)
        known = self.arrays.parameters[name][axis] if name is not None else None
        return self.labels.fresh(count) if known is None else known
