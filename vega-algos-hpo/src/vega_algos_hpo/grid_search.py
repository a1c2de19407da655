"""Grid search."""

from __future__ import annotations

from itertools import islice
from typing import Final

from vega_algos_hpo.grid_points import GridPoints
from vega_core.search import Algorithm, Outcome, Plan, Problem, Proposal, RungPlan, Suggestion
from vega_core.search.checks import integer

_COUNTED: Final = 100_000


class GridSearch(Algorithm):
    """Every combination of evenly spread values, each trained in full.

    Categories and other finite choices take all their values; numbers take `points`, or the
    ``slice`` that the search space gives them; logarithmic ones are spread evenly in the
    logarithm. The last parameter varies fastest. Points that differ only in a parameter that is
    inactive are one point. The grid may be of any size: points are made while they are asked for.

    Args:
        points: How many values a number takes that has no ``slice``.

    Example:
        >>> import vega_core as vega
        >>> space = {"x": ("FLOAT", 0, 1), "kind": ["a", "b"]}
        >>> search = vega.algorithm("GridSearch", space=space, objectives={"loss": "min"}, points=3)
        >>> [search.ask().config["x"] for _ in range(4)]
        [0.0, 0.0, 0.5, 0.5]
    """

    rejection_bound = None

    def __init__(self, problem: Problem, *, points: int = 5) -> None:
        super().__init__(problem)
        self._grid = GridPoints(problem.space, integer("points", points, 1))
        self._points = iter(self._grid)
        self._next = next(self._points, None)

    def _ask(self) -> Suggestion | None:
        if self._next is None:
            return None
        config, self._next = self._next, next(self._points, None)
        return Suggestion(config)

    def _tell(self, proposal: Proposal, outcome: Outcome) -> None:
        """Learns nothing: the grid is fixed."""

    def _done(self) -> bool:
        return self._next is None

    def plan(self) -> Plan:
        """Returns the number of points, exactly up to 100,000 of them."""
        counted = sum(1 for _ in islice(self._grid, _COUNTED + 1))
        most = counted if counted <= _COUNTED else self._grid.at_most
        return Plan((RungPlan(0, self.problem.budget, counted, most),))
