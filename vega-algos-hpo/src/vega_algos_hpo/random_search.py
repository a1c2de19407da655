"""Random search."""

from __future__ import annotations

from vega_core.search import (
    Algorithm,
    Outcome,
    Plan,
    Problem,
    Proposal,
    RungPlan,
    Sampler,
    Suggestion,
)
from vega_core.search.checks import integer


class RandomSearch(Algorithm):
    """Independent draws from the space, each trained in full.

    Configurations that break a constraint are drawn anew and do not count.

    Source: Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13, 2012.

    Args:
        num_samples: How many configurations to try.

    Example:
        >>> import vega_core as vega
        >>> search = vega.algorithm("RandomSearch", space={"x": [1, 2]}, objectives={"loss": "min"})
        >>> search.ask().config["x"] in (1, 2)
        True
    """

    def __init__(self, problem: Problem, *, num_samples: int = 10) -> None:
        super().__init__(problem)
        self._num_samples = integer("num_samples", num_samples, 1)
        self._sampler = Sampler(problem.space, self.rng)
        self._sampled = 0

    def _ask(self) -> Suggestion | None:
        if self._sampled == self._num_samples:
            return None
        self._sampled += 1
        return Suggestion(self._sampler.draw())

    def _tell(self, proposal: Proposal, outcome: Outcome) -> None:  # noqa: ARG002
        if outcome.state == "rejected":
            self._sampled -= 1

    def _done(self) -> bool:
        return self._sampled == self._num_samples

    def plan(self) -> Plan:
        return Plan((RungPlan(0, self.problem.budget, self._num_samples, self._num_samples),))
