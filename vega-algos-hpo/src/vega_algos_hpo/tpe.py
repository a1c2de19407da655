"""The tree-structured Parzen estimator."""

from __future__ import annotations

import math

import numpy as np

from vega_algos_hpo.density.bandwidths import by_neighbours
from vega_algos_hpo.density.columns import Columns, Matrix, Rows, joined
from vega_algos_hpo.density.history import History
from vega_algos_hpo.density.parzen import Parzen
from vega_core.errors import SearchError
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

_RECENT = 25
"""The last so many configurations count in full, earlier ones less and less."""


class Tpe(Algorithm):
    """Proposes what is likely among the good configurations and unlikely among the bad ones.

    The first `num_startup` configurations are random. Then those with results are split: the best
    ``ceil(gamma * n)``, at most 25, are good, all others bad. A density is made of each part: a
    mixture of one multivariate product kernel around each configuration, and a uniform one. Of
    `num_candidates` draws from the good density the one with the largest ratio of good to bad is
    proposed. What is being evaluated counts as bad, so that workers spread; what failed does too.
    Inactive parameters are uniform in a configuration's kernel. Of more than 25 configurations the
    older ones weigh less.

    With several objectives configurations are split by non-dominated rank, as in Ozaki et al.,
    "Multiobjective Tree-Structured Parzen Estimator", JAIR 73, 2022, and the rank that is split
    itself by crowding distance (Deb et al., 2002).

    Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NIPS 2011; multivariate
    kernels and weights as in Watanabe, arXiv 2304.11127, 2023.

    Args:
        num_samples: How many configurations to try.
        num_startup: How many of them are random.
        num_candidates: Draws of which the best is proposed.
        gamma: Share of the configurations that are good.

    Example:
        >>> import vega_core as vega
        >>> space = {"lr": ("FLOAT_EXP", 1e-4, 1e-1), "norm": ["batch", "group"]}
        >>> search = vega.algorithm("TpeHpo", space=space, objectives={"loss": "min"})
        >>> sorted(search.ask().config)
        ['lr', 'norm']
    """

    def __init__(
        self,
        problem: Problem,
        *,
        num_samples: int = 100,
        num_startup: int = 10,
        num_candidates: int = 24,
        gamma: float = 0.1,
    ) -> None:
        super().__init__(problem)
        self._num_samples = integer("num_samples", num_samples, 1)
        self._num_startup = integer("num_startup", num_startup, 1)
        self._num_candidates = integer("num_candidates", num_candidates, 1)
        if not 0 < gamma < 1:
            raise SearchError(f"gamma must be between 0 and 1, not {gamma!r}")
        self._gamma = gamma
        self._columns = Columns(problem.space)
        self._history = History(self._columns, len(problem.objectives))
        self._sampler = Sampler(problem.space, np.random.default_rng([problem.seed, 1]))
        self._sampled = 0
        self._waiting: dict[int, Rows] = {}  # by trial, those without a result

    def _ask(self) -> Suggestion | None:
        if self._sampled == self._num_samples:
            return None
        self._sampled += 1
        if self._sampled <= self._num_startup or not self._history.good:
            config = self._sampler.draw()
            self._waiting[self.next_trial] = self._columns.rows([config])
            return Suggestion(config)
        good, bad = self._densities()
        samples = self._columns.samples(*good.draw(self._num_candidates, self.rng))
        rows = self._columns.rows(samples)
        best = np.argmax(good.log_density(rows) - bad.log_density(rows), keepdims=True)
        self._waiting[self.next_trial] = rows.take(best)
        return Suggestion(samples.take(best).to_dicts()[0])

    def _densities(self) -> tuple[Parzen, Parzen]:
        """Returns the density of the good configurations, and that of the bad ones."""
        count = len(self._history)
        best = self._history.best(min(math.ceil(self._gamma * self._history.good), 25))
        good = np.zeros(count, dtype=np.bool_)
        good[best] = True
        rows = self._history.rows
        bad = rows.take(np.flatnonzero(~good))
        bad = joined([bad, *self._waiting.values()])
        return self._density(rows.take(best)), self._density(bad)

    def _density(self, rows: Rows) -> Parzen:
        count, columns = len(rows), self._columns
        bandwidths = by_neighbours(columns, rows)
        share: Matrix = (1 - 1 / columns.sizes) / (1 + count / columns.sizes)
        weights = np.ones(count + 1)
        if count > _RECENT:
            weights[: count - _RECENT] = np.linspace(1 / count, 1, count - _RECENT)
        return Parzen(columns, rows, weights, bandwidths, share)

    def _tell(self, proposal: Proposal, outcome: Outcome) -> None:
        if outcome.state == "rejected":
            self._sampled -= 1
        # What was rejected is bad too, or it would be proposed again.
        row = self._waiting.pop(proposal.trial)
        self._history.add(row, outcome.values if outcome.ok else None)

    def _done(self) -> bool:
        return self._sampled == self._num_samples

    def plan(self) -> Plan:
        return Plan((RungPlan(0, self.problem.budget, self._num_samples, self._num_samples),))
