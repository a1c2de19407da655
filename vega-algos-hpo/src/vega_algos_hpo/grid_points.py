"""The points of a grid over a space, made while they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from vega_core.errors import SearchError, SpaceError
from vega_core.space import SearchSpace

_ROWS: Final = 4096
_CELLS: Final = 1 << 22
_AXIS_LIMIT: Final = 1_000_000

Places = npt.NDArray[np.float64]
Digits = npt.NDArray[np.int32]


class GridPoints:
    """All combinations of the parameters' grid values, parents first, the last parameter fastest.

    A parameter is spread only where it is active, so that no two points differ in an inactive one
    alone; forbidden combinations are left out. Memory is bounded, however large the grid is.

    Args:
        space: The search space.
        points: Grid values of a numeric parameter that has no ``slice`` of its own.

    Raises:
        SearchError: A parameter has too many values to list.
    """

    def __init__(self, space: SearchSpace, points: int) -> None:
        self._space = space
        self._order = _parents_first(space)
        self._children = {condition.child for condition in space.conditions}
        self._values: dict[str, list[Any]] = {}
        self._places: dict[str, Places] = {}
        for name, kind in space.parameters.items():
            size = kind.grid_size(points)
            if size > _AXIS_LIMIT:
                raise SearchError(
                    f"a grid cannot list the {size:.3g} values of '{name}'; "
                    "use another algorithm, such as RandomSearch"
                )
            codes = kind.grid(points)
            self._values[name] = kind.values(codes).tolist()
            self._places[name] = kind.encode(codes).T
        # Without what is forbidden, for which decoding would put something else.
        self._free = SearchSpace(space.parameters, space.conditions)

    @property
    def at_most(self) -> int:
        """The number of combinations if every parameter were active."""
        count = 1
        for values in self._values.values():
            count *= len(values)
        return count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yields configurations."""
        depths = [(name, self._order.index(name)) for name in self._space.names]
        for block in self._blocks():
            for row in block.tolist():
                config = {n: self._values[n][row[at]] for n, at in depths if row[at] >= 0}
                if not self._space.forbidden or self._allowed(config):
                    yield config

    def _blocks(self) -> Iterator[Digits]:
        """Yields rows of value numbers, a column a parameter in order, -1 where it is inactive."""
        # Depth first, with a stack: a space may have more parameters than Python has frames.
        stack = [iter([np.zeros((1, len(self._order)), dtype=np.int32)])]
        while stack:
            block = next(stack[-1], None)
            if block is None:
                stack.pop()
            elif len(stack) > len(self._order):
                yield block
            else:
                stack.append(self._spread(block, len(stack) - 1))

    def _spread(self, rows: Digits, depth: int) -> Iterator[Digits]:
        """Yields the rows with one more parameter settled, a bounded number at a time."""
        size = len(self._values[self._order[depth]])
        step = max(1, min(_ROWS, _CELLS // len(self._order) ** 2) // size)
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            active = self._active(part, depth)
            times = np.where(active, size, 1)
            source = np.repeat(np.arange(len(part)), times)
            number = np.arange(len(source)) - np.repeat(np.cumsum(times) - times, times)
            longer = part[source]
            longer[:, depth] = np.where(active[source], number, -1)
            yield longer

    def _active(self, rows: Digits, depth: int) -> npt.NDArray[np.bool_]:
        name = self._order[depth]
        if name not in self._children:
            return np.ones(len(rows), dtype=np.bool_)
        places = np.full((len(rows), len(self._free.dimensions)), 0.5)
        for at, parent in enumerate(self._order[:depth]):
            places[:, self._free.columns_of(parent)] = self._places[parent][rows[:, at]]
        return self._free.decode(places).active[name]

    def _allowed(self, config: Mapping[str, Any]) -> bool:
        try:
            self._space.validate(config)
        except SpaceError:
            return False
        return True


def _parents_first(space: SearchSpace) -> list[str]:
    """Returns the names in the order given, a child moved behind its last parent."""
    parents: dict[str, list[str]] = {name: [] for name in space.names}
    for condition in space.conditions:
        parents[condition.child].append(condition.parent)
    order: dict[str, None] = {}
    pending = list(reversed(parents))
    while pending:
        name = pending[-1]
        missing = [parent for parent in parents[name] if parent not in order]
        pending += missing
        if not missing:
            order[pending.pop()] = None
    return list(order)
