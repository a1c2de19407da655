"""The algorithm of a step that trains a given list of configurations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from vega_core.search import (
    Algorithm,
    Objectives,
    Outcome,
    Plan,
    Problem,
    Proposal,
    Rung,
    Suggestion,
)
from vega_core.space import SearchSpace


class _Anything:
    """Stands in for a search space where configurations are given and not sampled."""

    def validate(self, config: Mapping[str, Any]) -> None:
        """Accepts every configuration."""


class Listed(Algorithm):
    """Proposes each of some configurations once, at one budget.

    Args:
        configs: The configurations, in order.
        objectives: What ranks them.
        budget: The budget of each.
    """

    def __init__(
        self, configs: Sequence[Mapping[str, Any]], objectives: Objectives, budget: float
    ) -> None:
        super().__init__(Problem(cast(SearchSpace, _Anything()), objectives, budget=budget))
        self._configs = [dict(config) for config in configs]

    def plan(self) -> Plan:
        count = len(self._configs)
        return Plan((Rung(0, self.problem.budget, count, count),))

    def _ask(self) -> Suggestion | None:
        if self._done():
            return None
        return Suggestion(self._configs[self.next_trial])

    def _tell(self, proposal: Proposal, outcome: Outcome) -> None:
        pass

    def _done(self) -> bool:
        return self.next_trial >= len(self._configs)
