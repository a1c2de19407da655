"""Hyperband."""

from __future__ import annotations

from vega_algos_hpo.brackets import Bracket, hyperband_brackets, repeated
from vega_algos_hpo.halving import Halving
from vega_core.errors import SearchError
from vega_core.search import Problem
from vega_core.search.checks import integer, positive


class Hyperband(Halving):
    """Successive halving in brackets that trade the number of trials for their first budget.

    The first bracket begins with many trials at the least budget, the last with a few at the
    largest. They are run in this order, and over again. A rung waits for its slowest trial, and
    free workers begin the next bracket meanwhile. A failed trial ranks last; a promoted one
    continues from its checkpoint. With several objectives trials are ranked by front, and within
    one by crowding distance, as in NSGA-II (Deb et al., 2002).

    Source: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization",
    JMLR 18, 2018 (arXiv 1603.06560), algorithm 1.

    Args:
        eta: The factor between rungs; of a rung one in eta is promoted.
        min_budget: Budget of the lowest rung, r, in epochs.
        max_budget: Budget of the highest, R.
        iterations: How often all brackets are run; 1 unless `total_budget` says so.
        total_budget: As many brackets are run, in order and over again, as it pays for, each rung
            charged in full; `iterations` must not be given then.

    Example:
        >>> import vega_core as vega
        >>> space = {"lr": ("FLOAT_EXP", 1e-4, 1e-1)}
        >>> search = vega.algorithm("HyperbandHpo", space=space, objectives={"loss": "min"},
        ...                         max_budget=9)
        >>> [(rung.bracket, rung.at_most, rung.budget) for rung in search.plan().rungs]
        [(0, 9, 1), (0, 3, 3), (0, 1, 9), (1, 5, 3), (1, 1, 9), (2, 3, 9)]
    """

    def __init__(
        self,
        problem: Problem,
        *,
        eta: int = 3,
        min_budget: float = 1,
        max_budget: float = 81,
        iterations: int | None = None,
        total_budget: float | None = None,
    ) -> None:
        lowest, largest = positive("min_budget", min_budget), positive("max_budget", max_budget)
        round_ = hyperband_brackets(lowest, largest, integer("eta", eta, 2))
        super().__init__(problem, _brackets(round_, iterations, total_budget))


def _brackets(
    round_: tuple[Bracket, ...], iterations: int | None, total: float | None
) -> tuple[Bracket, ...]:
    if total is None:
        return round_ * integer("iterations", 1 if iterations is None else iterations, 1)
    if iterations is not None:
        raise SearchError("total_budget decides how many brackets are run; give it or iterations")
    return repeated(round_, positive("total_budget", total))
