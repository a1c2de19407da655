"""Where a trace stands: one frame for each module call under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vega_core.nn.module import Module
    from vega_core.nn.primitive import Mode


@dataclass
class Frame:
    """One call of one module; names are counted afresh in each.

    A shared module's second call counts from 1 again, so that its children get the names, and with
    them the parameters, of the first.

    Attributes:
        path: Dotted name of the module; empty for the network itself.
        leaf: Whether the module is an operator, whose node takes the module's own name.
        mode: The mode that the module or one around it has fixed.
        attributes: Names of the modules in the module's fields, by identity.
        taken: Names given in this frame.
    """

    path: str
    leaf: bool = False
    mode: Mode | None = None
    attributes: Mapping[int, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    _counts: Counter[str] = field(default_factory=Counter)

    def inside(self, name: str) -> str:
        """Returns the dotted name of something inside this frame."""
        return f"{self.path}.{name}" if self.path else name

    def number(self, kind: str) -> str:
        """Returns the next free ``<kind>_<n>``."""
        while True:
            self._counts[kind] += 1
            name = f"{kind}_{self._counts[kind]}"
            if name not in self.taken:
                self.taken.add(name)
                return name

    def node(self, kind: str) -> str:
        """Returns what the name of a new node, and those of its parameters, begin with."""
        if self.leaf and self.path and not self.taken:
            self.taken.add(self.path)
            return self.path
        return self.inside(self.number(kind))


def held_by(record: Module) -> dict[int, str]:
    """Returns the names that a module's fields give to the modules they hold, by identity."""
    from vega_core.nn.module import Module

    names: dict[int, str] = {}
    for name, value in vars(record).items():
        if isinstance(value, Module):
            names.setdefault(id(value), name)
        elif isinstance(value, (list, tuple, Mapping)):
            items = value.items() if isinstance(value, Mapping) else enumerate(value)
            for key, item in items:
                if isinstance(item, Module):
                    names.setdefault(id(item), f"{name}.{key}")
    return names
