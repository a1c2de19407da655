"""A space compiled: typed parameters, who depends on whom, and what may not occur together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, final

import numpy as np

from vega_core.errors import SpaceError, suggest
from vega_core.space.conditions import Condition
from vega_core.space.order import CycleError, parents_first
from vega_core.space.param_type import Codes, Mask, Matcher, ParamType

Columns = Mapping[str, Codes]
Active = Mapping[str, Mask]


@final
class Structure:
    """What a space is made of, checked.

    Attributes:
        types: The type of each parameter, in the order given.
        conditions: The edges from parents to children.
        forbidden: Combinations ``{name: value, ...}`` that may not occur.
        order: The names, parents before children.
        places: The rows of the encoding that belong to each parameter.
        width: The number of axes of the encoding.

    Raises:
        SpaceError: No parameters, an unknown name, a cycle, or a value that a parameter cannot
            have.
    """

    def __init__(
        self,
        types: Mapping[str, ParamType],
        conditions: Sequence[Condition] = (),
        forbidden: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        if not types:
            raise SpaceError("a search space needs at least one hyperparameter")
        self.types = MappingProxyType(dict(types))
        self.conditions = tuple(conditions)
        self.forbidden = tuple(MappingProxyType(dict(clause)) for clause in forbidden)
        self._tests = self._bind_conditions()
        self._clauses = [self._bind_clause(i, clause) for i, clause in enumerate(self.forbidden)]
        self.order = self._sort()
        ends = np.cumsum([len(kind.axes) for kind in self.types.values()]).tolist()
        starts = [0, *ends[:-1]]
        self.places = {
            name: slice(start, end)
            for name, start, end in zip(self.types, starts, ends, strict=True)
        }
        self.width: int = ends[-1]

    def activity(self, columns: Columns, count: int) -> dict[str, Mask]:
        """Returns where each parameter is active, read-only masks of shape ``(count,)``."""
        everywhere = np.ones(count, dtype=np.bool_)
        everywhere.flags.writeable = False
        active = dict.fromkeys(self.types, everywhere)
        for name in self.order:
            for parent, test in self._tests.get(name, ()):
                holds = test(columns[parent]) & active[parent]
                active[name] = holds if active[name] is everywhere else active[name] & holds
        return active

    def violations(self, columns: Columns, active: Active, count: int) -> Mask:
        """Returns which rows have a forbidden combination; inactive parameters have no value."""
        hit = np.zeros(count, dtype=np.bool_)
        for clause in self._clauses:
            rows = np.ones(count, dtype=np.bool_)
            for name, test in clause.items():
                rows &= active[name] & test(columns[name])
            hit |= rows
        return hit

    def is_conditional(self, name: str) -> bool:
        """Returns whether a parameter has a condition."""
        return name in self._tests

    def _bind_conditions(self) -> dict[str, list[tuple[str, Matcher]]]:
        tests: dict[str, list[tuple[str, Matcher]]] = {}
        for index, condition in enumerate(self.conditions):
            path = ("condition", index)
            for role in ("child", "parent"):
                self._check_name(getattr(condition, role), role, (*path, role))
            try:
                test = condition.matcher(self.types[condition.parent])
            except SpaceError as error:
                where = f"condition on {condition.parent}"
                raise SpaceError(f"{where}: {error}", (*path, "range")) from None
            tests.setdefault(condition.child, []).append((condition.parent, test))
        return tests

    def _bind_clause(self, index: int, clause: Mapping[str, Any]) -> dict[str, Matcher]:
        path = ("forbidden", index)
        if not clause:
            raise SpaceError("a forbidden combination needs at least one value", path)
        tests = {}
        for name, value in clause.items():
            self._check_name(name, "parameter", (*path, name))
            try:
                tests[name] = self.types[name].equals(value)
            except SpaceError as error:
                raise SpaceError(f"forbidden {name}: {error}", (*path, name)) from None
        return tests

    def _check_name(self, name: str, role: str, path: tuple[str | int, ...]) -> None:
        if name not in self.types:
            raise SpaceError(
                f"unknown {role} {name!r}{suggest(str(name), self.types)}; "
                "it is no key of hyperparameters",
                path,
            )

    def _sort(self) -> tuple[str, ...]:
        parents = {child: [parent for parent, _ in tests] for child, tests in self._tests.items()}
        try:
            return tuple(parents_first(self.types, parents))
        except CycleError as error:
            edge = (error.cycle[0], error.cycle[1])
            edges = [(condition.parent, condition.child) for condition in self.conditions]
            path = ("condition", edges.index(edge))
            raise SpaceError(f"conditions form a cycle: {error}", path) from None
