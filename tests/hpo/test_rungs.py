"""Who may be promoted, against the rule written out in full."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_algos_hpo.rungs import ParetoRung, ScalarRung
from vega_core.search import crowding_distance, pareto_ranks

# None is a failed trial; few values, so that ties are common.
entries = st.lists(st.one_of(st.none(), st.integers(0, 6).map(float)), max_size=60)


class ByTheRule:
    """Sorts all finished entries at every question."""

    def __init__(self, eta):
        self.eta, self.entries, self.promoted = eta, [], set()

    def add(self, trial, values):
        self.entries.append((float("inf") if values is None else values[0], trial, values is None))

    def promotable(self):
        best = sorted(self.entries)[: len(self.entries) // self.eta]
        left = [trial for _, trial, failed in best if not failed and trial not in self.promoted]
        return left[0] if left else None

    def promote(self):
        self.promoted.add(self.promotable())


@settings(deadline=None)
@given(entries, st.integers(2, 4), st.randoms(use_true_random=False))
def test_a_scalar_rung_follows_the_rule(values, eta, chance):
    trials = list(range(len(values)))
    chance.shuffle(trials)
    rung, rule = ScalarRung(eta), ByTheRule(eta)
    for trial, value in zip(trials, values, strict=True):
        told = None if value is None else (value,)
        rung.add(trial, told)
        rule.add(trial, told)
        assert rung.promotable() == rule.promotable()
        # Promotions lag behind arrivals, as they do when workers are busy.
        while rule.promotable() is not None and chance.random() < 0.6:
            rung.promote()
            rule.promote()
            assert rung.promotable() == rule.promotable()


@pytest.mark.parametrize("eta", [2, 3])
def test_a_pareto_rung_promotes_by_rank_and_crowding(eta):
    chance = random.Random(eta)
    rung, told, promoted = ParetoRung(eta), [], set()
    for trial in range(60):
        values = None if chance.random() < 0.1 else (chance.random(), chance.random())
        rung.add(trial, values)
        told.append((trial, values))
        while (best := rung.promotable()) is not None:
            assert best == expected(told, eta, promoted)
            rung.promote()
            promoted.add(best)
        assert expected(told, eta, promoted) is None
    assert len(promoted) >= 60 // eta


def expected(told, eta, promoted):
    ok = [(trial, values) for trial, values in told if values is not None]
    points = np.array([values for _, values in ok]).reshape(-1, 2)
    rank, order = pareto_ranks(points), []
    for level in range(len(points)):
        front = [i for i in range(len(points)) if rank[i] == level]
        distance = crowding_distance(points[front])
        order += [
            front[j] for j in sorted(range(len(front)), key=lambda j: (-distance[j], front[j]))
        ]
    best = [ok[i][0] for i in order[: len(told) // eta]]
    return next((trial for trial in best if trial not in promoted), None)


def test_all_failed_promotes_none():
    for rung in (ScalarRung(2), ParetoRung(2)):
        for trial in range(10):
            rung.add(trial, None)
            assert rung.promotable() is None


def test_failed_entries_count():
    for rung, values in ((ScalarRung(3), (1.0,)), (ParetoRung(3), (1.0, 2.0))):
        rung.add(0, values)
        rung.add(1, None)
        assert rung.promotable() is None
        rung.add(2, None)
        assert rung.promotable() == 0
