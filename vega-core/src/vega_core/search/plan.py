"""What a search will cost, before it starts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any


@dataclass(frozen=True, slots=True)
class RungPlan:
    """One level of budget.

    Attributes:
        number: Counted from 0.
        budget: Cumulative budget of a trial that has finished this rung.
        at_least: How many trials reach it if none fails.
        at_most: How many trials can reach it at all.
        bracket: Which of the searches that are run one after another it belongs to, from 0.
    """

    number: int
    budget: float
    at_least: int
    at_most: int
    bracket: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The ladder of a search, which ``vega check`` prints.

    Attributes:
        rungs: Bracket by bracket, each from the smallest budget to the largest; one for an
            algorithm without budgets of its own.
    """

    rungs: tuple[RungPlan, ...]

    @property
    def trials(self) -> int:
        """How many configurations are tried at most."""
        return sum(first.at_most for first, *_ in self.brackets())

    @property
    def largest(self) -> float:
        """The largest budget that a trial can get."""
        return max(rung.budget for rung in self.rungs)

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
        """Returns each rung with what a trial that reaches it adds to its budget."""
        return [
            (rung, rung.budget - before)
            for bracket in self.brackets()
            for before, rung in zip([0, *(one.budget for one in bracket)], bracket, strict=False)
        ]

    def brackets(self) -> list[list[RungPlan]]:
        """Returns the rungs of each bracket."""
        return [list(rungs) for _, rungs in groupby(self.rungs, key=lambda rung: rung.bracket)]
