"""What a search will cost, before it starts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class RungPlan:
    """One level of budget.

    Attributes:
        number: Counted from 0.
        budget: Cumulative budget of a trial that has finished this rung.
        at_least: How many trials reach it if none fails.
        at_most: How many trials can reach it at all.
    """

    number: int
    budget: float
    at_least: int
    at_most: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The ladder of a search, which ``vega check`` prints.

    Attributes:
        rungs: From the smallest budget to the largest; one for an algorithm without budgets of its
            own.
    """

    rungs: tuple[RungPlan, ...]

    @property
    def trials(self) -> int:
        """How many configurations are tried at most."""
        return self.rungs[0].at_most

    @property
    def budget_at_least(self) -> float:
        """The sum over all trials if none fails; a promoted trial adds the difference."""
        return sum(rung.at_least * step for rung, step in self._steps())

    @property
    def budget_at_most(self) -> float:
        """The most that the sum over all trials can be."""
        return sum(rung.at_most * step for rung, step in self._steps())

    def to_config(self) -> dict[str, Any]:
        """Returns the plan as plain data."""
        return {
            "rungs": [asdict(rung) for rung in self.rungs],
            "trials": self.trials,
            "budget_at_least": self.budget_at_least,
            "budget_at_most": self.budget_at_most,
        }

    def _steps(self) -> list[tuple[RungPlan, float]]:
        first, *_ = self.rungs
        steps = [(upper, upper.budget - lower.budget) for lower, upper in pairwise(self.rungs)]
        return [(first, first.budget), *steps]
