"""The algorithm of a step that evaluates each of a list of models once."""

from __future__ import annotations

from collections.abc import Mapping

from vega_core.search import (
    Algorithm,
    Objectives,
    Outcome,
    Plan,
    Problem,
    Proposal,
    RungPlan,
    Suggestion,
)
from vega_core.space import SearchSpace

MODEL = "model"
"""The one name of the space: which of the models."""


class Listed(Algorithm):
    """Proposes each of some models once.

    Args:
        models: The models' names, in order, and the budget of each.
        objectives: What ranks them.
    """

    def __init__(self, models: Mapping[str, float], objectives: Objectives) -> None:
        space = SearchSpace.from_dict({MODEL: list(models)})
        super().__init__(Problem(space, objectives, budget=max(models.values())))
        self._models = list(models.items())

    def plan(self) -> Plan:
        count = len(self._models)
        return Plan((RungPlan(0, self.problem.budget, count, count),))

    def _ask(self) -> Suggestion | None:
        if self._done():
            return None
        name, budget = self._models[self.next_trial]
        return Suggestion({MODEL: name}, budget=budget)

    def _tell(self, proposal: Proposal, outcome: Outcome) -> None:
        pass

    def _done(self) -> bool:
        return self.next_trial >= len(self._models)
