"""Asynchronous successive halving."""

from __future__ import annotations

from vega_algos_hpo.ladder import afford, ladder, refuse_beside_total
from vega_algos_hpo.rungs import ParetoRung, Rung, ScalarRung
from vega_core.search import (
    Algorithm,
    Continue,
    Outcome,
    Plan,
    Problem,
    Proposal,
    RungPlan,
    Sampler,
    Suggestion,
)
from vega_core.search.checks import exact, integer, plain, positive

_NUM_SAMPLES = 50
_MAX_BUDGET = 27


class Asha(Algorithm):
    """Asynchronous successive halving: many trials start, the best fraction is trained longer.

    Rung k has the budget ``min_budget * eta**(min_early_stopping_rate + k)``. A free worker takes
    the best promotable trial of the highest rung that has one, and a new random configuration if
    none has. Promotable are the best ``floor(n / eta)`` of a rung's n finished trials that have
    not been promoted; a failed trial ranks last and counts. A promoted trial continues from its
    checkpoint. The search ends when `num_samples` configurations have been tried and none can be
    promoted.

    With several objectives a rung is ranked by non-dominated sorting, as in Schmucker et al.,
    "Multi-objective Asynchronous Successive Halving", 2021 (arXiv 2106.12639), and within a front
    by crowding distance, as in NSGA-II (Deb et al., 2002).

    Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020 (arXiv
    1810.05934), algorithm 2.

    Args:
        num_samples: How many configurations to try; 50 unless `total_budget` says so.
        eta: The factor between rungs; of a rung one in eta is promoted.
        min_budget: Budget of the lowest rung at rate 0, in epochs.
        max_budget: No trial gets more; 27 unless `total_budget` says so.
        min_early_stopping_rate: How many of the lowest rungs to leave out.
        total_budget: Derives `num_samples` and `max_budget`, which must not be given then: 243
            epochs make 63 trials of at most 27.

    Example:
        >>> import vega_core as vega
        >>> space = {"lr": ("FLOAT_EXP", 1e-4, 1e-1)}
        >>> search = vega.algorithm("AshaHpo", space=space, objectives={"loss": "min"}, eta=4)
        >>> search.ask().budget
        1
    """

    def __init__(
        self,
        problem: Problem,
        *,
        num_samples: int | None = None,
        eta: int = 3,
        min_budget: float = 1,
        max_budget: float | None = None,
        min_early_stopping_rate: int = 0,
        total_budget: float | None = None,
    ) -> None:
        super().__init__(problem)
        self._eta = eta = integer("eta", eta, 2)
        rate = integer("min_early_stopping_rate", min_early_stopping_rate, 0)
        lowest = positive("min_budget", min_budget)
        if total_budget is not None:
            refuse_beside_total(num_samples=num_samples, max_budget=max_budget)
            total = positive("total_budget", total_budget)
            num_samples, max_budget = afford(total, eta, plain(exact(lowest) * eta**rate))
        largest = positive("max_budget", _MAX_BUDGET if max_budget is None else max_budget)
        wanted = _NUM_SAMPLES if num_samples is None else num_samples
        self._num_samples = integer("num_samples", wanted, 1)
        self._budgets = ladder(lowest, largest, eta, rate)
        self._level = {budget: level for level, budget in enumerate(self._budgets)}
        rung = ScalarRung if len(problem.objectives) == 1 else ParetoRung
        self._rungs: list[Rung] = [rung(eta) for _ in self._budgets[:-1]]
        self._sampler = Sampler(problem.space, self.rng)
        self._sampled = 0

    def _ask(self) -> Suggestion | None:
        return self._promotion() or self._sample()

    def _promotion(self) -> Suggestion | None:
        for level in range(len(self._rungs) - 1, -1, -1):
            trial = self._rungs[level].promotable()
            if trial is not None:
                self._rungs[level].promote()
                budget = self._budgets[level + 1]
                return Suggestion(trial=trial, budget=budget, start=Continue(trial))
        return None

    def _sample(self) -> Suggestion | None:
        if self._sampled == self._num_samples:
            return None
        self._sampled += 1
        return Suggestion(self._sampler.draw(), budget=self._budgets[0])

    def _tell(self, proposal: Proposal, outcome: Outcome) -> None:
        level = self._level[proposal.budget]
        if outcome.state == "rejected":
            self._sampled -= 1
        elif level < len(self._rungs):
            self._rungs[level].add(proposal.trial, outcome.values if outcome.ok else None)

    def _done(self) -> bool:
        return self._sampled == self._num_samples and not any(
            rung.promotable() is not None for rung in self._rungs
        )

    def plan(self) -> Plan:
        """Returns the rungs; how many trials reach one depends on the order of results."""
        least = most = self._num_samples
        rungs = []
        for level, budget in enumerate(self._budgets):
            rungs.append(RungPlan(level, budget, least, most))
            # An arrival lets at most one trial be promoted, the first eta - 1 let none.
            least, most = least // self._eta, max(0, most - self._eta + 1)
        return Plan(tuple(rungs))
