"""Successive halving, a bracket at a time."""

from __future__ import annotations

from collections import deque

import numpy as np

from vega_algos_hpo.brackets import Bracket
from vega_algos_hpo.ladder import afford, ladder, refuse_beside_total
from vega_algos_hpo.source import RandomSource, Source
from vega_core.search import (
    Algorithm,
    Continue,
    Outcome,
    Plan,
    Problem,
    Proposal,
    Suggestion,
    by_crowding,
    fronts,
)
from vega_core.search.checks import integer, positive

_NUM_SAMPLES = 27
_MAX_BUDGET = 27

Values = tuple[float, ...]


class Race:
    """One bracket while it is run: rung by rung, each complete before the next.

    Args:
        bracket: Sizes and budgets.
    """

    def __init__(self, bracket: Bracket) -> None:
        self._bracket = bracket
        self._level = 0
        self._drawn = 0
        self._promoted: deque[int] = deque()
        self._size = bracket.sizes[0]
        self._finished: list[tuple[int, Values | None]] = []

    @property
    def budget(self) -> float:
        """The budget of the rung that runs."""
        return self._bracket.budgets[self._level]

    @property
    def draws(self) -> bool:
        """Whether it takes a new trial now."""
        return self._level == 0 and self._drawn < self._size

    @property
    def done(self) -> bool:
        """Whether the last rung is complete."""
        return self._level == len(self._bracket.sizes)

    def draw(self) -> None:
        """Counts a new trial of the lowest rung."""
        self._drawn += 1

    def withdraw(self) -> None:
        """Takes a new trial back, which was rejected."""
        self._drawn -= 1

    def promote(self) -> int | None:
        """Returns a trial to continue at `budget`, or None if none waits for it."""
        return self._promoted.popleft() if self._promoted else None

    def add(self, trial: int, values: Values | None) -> None:
        """Takes a result of the rung that runs; None of a trial that failed."""
        self._finished.append((trial, values))
        if len(self._finished) == self._size:
            self._next_rung()

    def _next_rung(self) -> None:
        self._level += 1
        if self.done:
            return
        wanted = self._bracket.sizes[self._level]
        self._promoted.extend(ranked(self._finished)[:wanted])
        self._finished, self._size = [], len(self._promoted)
        if not self._size:  # all have failed
            self._level = len(self._bracket.sizes)


def ranked(finished: list[tuple[int, Values | None]]) -> list[int]:
    """Returns the trials that have not failed, the best first, equal ones by number."""
    good = sorted((trial, values) for trial, values in finished if values is not None)
    if not good:
        return []
    values = np.array([values for _, values in good])
    if values.shape[1] == 1:
        order = np.argsort(values[:, 0], kind="stable")
    else:
        order = np.concatenate([by_crowding(values, front) for front in fronts(values)])
    return [good[place][0] for place in order.tolist()]


class Halving(Algorithm):
    """What runs brackets of successive halving one after another.

    While a rung waits for its last results, free workers begin the next bracket.

    Args:
        problem: Space, objectives and seed.
        brackets: The brackets in order.
        source: Where configurations come from; by default random ones.
    """

    def __init__(
        self, problem: Problem, brackets: tuple[Bracket, ...], source: Source | None = None
    ) -> None:
        super().__init__(problem)
        self._brackets = brackets
        self._source = RandomSource(problem, self.rng) if source is None else source
        self._races: deque[Race] = deque()
        self._race_of: dict[int, Race] = {}
        self._begun = 0

    def _ask(self) -> Suggestion | None:
        for race in self._races:
            trial = race.promote()
            if trial is not None:
                return Suggestion(trial=trial, budget=race.budget, start=Continue(trial))
        drawing = self._drawing()
        if drawing is None:
            return None
        drawing.draw()
        self._race_of[self.next_trial] = drawing
        return Suggestion(self._source.draw(), budget=drawing.budget)

    def _drawing(self) -> Race | None:
        """Returns the bracket that takes new trials, begun if need be; None if all have theirs."""
        if self._races and self._races[-1].draws:
            return self._races[-1]
        if self._begun == len(self._brackets):
            return None
        self._races.append(Race(self._brackets[self._begun]))
        self._begun += 1
        return self._races[-1]

    def _tell(self, proposal: Proposal, outcome: Outcome) -> None:
        race = self._race_of[proposal.trial]
        if outcome.state == "rejected":
            race.withdraw()
            return
        values = outcome.values if outcome.ok else None
        self._source.learn(proposal.config, proposal.budget, values)
        race.add(proposal.trial, values)
        while self._races and self._races[0].done:
            self._races.popleft()

    def _done(self) -> bool:
        return self._begun == len(self._brackets) and all(race.done for race in self._races)

    def plan(self) -> Plan:
        """Returns the rungs of all brackets; where trials fail, the next rung may have fewer."""
        rungs = [rung for n, bracket in enumerate(self._brackets) for rung in bracket.plan(n)]
        return Plan(tuple(rungs))


class SuccessiveHalving(Halving):
    """Successive halving: all trials of a rung finish, and the best fraction is trained longer.

    Rung k has ``floor(num_samples / eta**k)`` trials of the budget ``min_budget * eta**k``. A rung
    begins when the one before it is complete: the method waits for its slowest trial, which
    AshaHpo does not. A failed trial ranks last; a promoted one continues from its checkpoint. With
    several objectives trials are ranked by front, and within one by crowding distance, as in
    NSGA-II (Deb et al., 2002).

    Source: Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
    Optimization", AISTATS 2016 (arXiv 1502.07943).

    Args:
        num_samples: How many configurations to try; 27 unless `total_budget` says so.
        eta: The factor between rungs; of a rung one in eta is promoted.
        min_budget: Budget of the lowest rung, in epochs.
        max_budget: No trial gets more; 27 unless `total_budget` says so.
        total_budget: Derives `num_samples` and `max_budget`, which must not be given then, as for
            AshaHpo.

    Example:
        >>> import vega_core as vega
        >>> space = {"lr": ("FLOAT_EXP", 1e-4, 1e-1)}
        >>> search = vega.algorithm("SuccessiveHalving", space=space, objectives={"loss": "min"})
        >>> [(rung.at_most, rung.budget) for rung in search.plan().rungs]
        [(27, 1), (9, 3), (3, 9), (1, 27)]
    """

    def __init__(
        self,
        problem: Problem,
        *,
        num_samples: int | None = None,
        eta: int = 3,
        min_budget: float = 1,
        max_budget: float | None = None,
        total_budget: float | None = None,
    ) -> None:
        eta, lowest = integer("eta", eta, 2), positive("min_budget", min_budget)
        if total_budget is not None:
            refuse_beside_total(num_samples=num_samples, max_budget=max_budget)
            total = positive("total_budget", total_budget)
            num_samples, max_budget = afford(total, eta, lowest)
        largest = positive("max_budget", _MAX_BUDGET if max_budget is None else max_budget)
        size = integer("num_samples", _NUM_SAMPLES if num_samples is None else num_samples, 1)
        budgets = ladder(lowest, largest, eta)
        super().__init__(problem, (Bracket.of(size, budgets, eta),))
