"""What an algorithm is asked to solve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vega_core.errors import SearchError
from vega_core.search.checks import integer, positive
from vega_core.search.constraints import Constraint
from vega_core.search.objectives import Objectives
from vega_core.search.proposal import Config
from vega_core.space import SearchSpace

Analyse = Callable[[Config], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Problem:
    """A search space, what is to be made large or small in it, and the seed.

    Attributes:
        space: The search space.
        objectives: One or several metrics with directions.
        constraints: Bounds on analytic metrics, checked before a configuration is trained.
        seed: The run's seed; all of an algorithm's draws come from it.
        analyse: Configuration -> analytic metrics (parameters, MACs); must give the same for the
            same. May raise `ModelError` for a configuration of which no model can be built, which
            rejects it.
        budget: What a full evaluation costs: the budget of every proposal of an algorithm that has
            no budgets of its own.

    Raises:
        SearchError: The seed or the budget makes no sense, or constraints lack an analysis.
    """

    space: SearchSpace
    objectives: Objectives
    constraints: tuple[Constraint, ...] = ()
    seed: int = 0
    analyse: Analyse | None = None
    budget: float = 1

    def __post_init__(self) -> None:
        integer("seed", self.seed, 0)
        positive("budget", self.budget)
        if self.constraints and self.analyse is None:
            texts = ", ".join(map(str, self.constraints))
            raise SearchError(
                f"constraints ({texts}) need an analysis of the configuration; "
                "give analyse=function from a configuration to {metric: value}"
            )
