"""The promotion rule of asynchronous successive halving."""

from __future__ import annotations

import heapq
import random
from itertools import count

import pytest

import vega_core as vega
from vega_algos_hpo.asha import Asha
from vega_core.errors import SearchError
from vega_core.search import Continue, Fresh, algorithm

SPACE = {"x": ("FLOAT", 0.0, 1.0)}


def asha(objectives="loss", **params):
    return algorithm(Asha, space=SPACE, objectives=objectives, **{"num_samples": 30, **params})


def run_one(search, loss):
    """Asks, tells, and returns the rung; `loss` is a number or a function of the trial."""
    proposal = search.ask()
    search.tell(proposal.id, {"loss": loss(proposal.trial) if callable(loss) else loss})
    return search._level[proposal.budget], proposal


def test_three_finished_trials_allow_exactly_one_promotion():
    search = asha()
    for loss in (0.3, 0.1, 0.2):
        run_one(search, loss)
    first, second = search.ask(), search.ask()
    assert (first.trial, first.budget, first.start) == (1, 3, Continue(1))
    assert (second.trial, second.budget, second.start) == (3, 1, Fresh())


def test_nine_and_three_finished_trials_send_one_to_rung_two():
    search = asha()
    proposals = [search.ask() for _ in range(9)]
    for proposal in proposals:
        search.tell(proposal.id, {"loss": proposal.trial})
    promoted = [search.ask() for _ in range(3)]
    assert [(p.trial, p.budget) for p in promoted] == [(0, 3), (1, 3), (2, 3)]
    for proposal in promoted:
        search.tell(proposal.id, {"loss": proposal.trial})
    assert [(p.trial, p.budget) for p in (search.ask(), search.ask())] == [(0, 9), (9, 1)]


def test_job_order_of_one_worker_with_falling_scores():
    # No later trial overtakes an earlier one.
    search = asha(max_budget=9)
    rungs = [run_one(search, lambda trial: trial)[0] for _ in range(13)]
    assert rungs == [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 2]


def test_a_later_better_trial_is_promoted_beyond_the_next_rungs_size():
    search = asha(max_budget=3)
    for loss in (0.5, 0.6, 0.7):
        run_one(search, loss)
    assert run_one(search, 0.5)[1].trial == 0
    run_one(search, 0.4)
    # Rung 0 has 4 entries, so that floor(4 / 3) = 1 has been promoted already.
    proposal = search.ask()
    assert (proposal.trial, proposal.budget) == (3, 3)


def test_failed_trials_rank_last_and_count():
    search = asha()
    run_one(search, 0.9)
    for metrics in ({"loss": float("nan")}, vega.FAILED):
        search.tell(search.ask().id, metrics)
    assert search.ask().start == Continue(0)
    # 6 entries, 2 candidates, but only one that did not fail.
    for _ in range(3):
        search.tell(search.ask().id, vega.FAILED)
    assert search.ask().start == Fresh()


def test_a_trial_that_fails_at_a_higher_rung_is_not_promoted_again():
    search = asha(num_samples=3, max_budget=9)
    for loss in (1, 2, 3):
        run_one(search, loss)
    search.tell(search.ask().id, vega.FAILED)
    assert search.ask() is None
    assert search.done
    assert search.best().budget == 1


def test_all_failed():
    search = asha(num_samples=20)
    while (proposal := search.ask()) is not None:
        search.tell(proposal.id, vega.FAILED)
    assert search.done
    assert search.best() is None
    assert search.counts == {"ok": 0, "failed": 20, "outstanding": 0, "rejected": 0}


def test_budgets_are_cumulative_integers_up_to_the_largest():
    search = asha(num_samples=81, max_budget=27)
    budgets = set()
    while (proposal := search.ask()) is not None:
        budgets.add(proposal.budget)
        search.tell(proposal.id, {"loss": proposal.trial})
    assert budgets == {1, 3, 9, 27}
    assert {type(budget) for budget in budgets} == {int}


def test_the_early_stopping_rate_leaves_out_the_lowest_rungs():
    search = asha(min_early_stopping_rate=1, min_budget=2, max_budget=54)
    assert [rung.budget for rung in search.plan().rungs] == [6, 18, 54]
    assert search.ask().budget == 6


def test_it_ends_when_nothing_is_outstanding_or_promotable():
    search = asha(num_samples=3, max_budget=3)
    proposals = [search.ask() for _ in range(3)]
    assert search.ask() is None
    assert not search.done
    for proposal in proposals:
        search.tell(proposal.id, {"loss": 1.0})
    assert not search.done
    last = search.ask()
    assert (last.trial, last.budget) == (0, 3)
    search.tell(last.id, {"loss": 1.0})
    assert search.done
    assert search.ask() is None


class Reference:
    """The published rule over plain lists: sorts every rung at every question."""

    def __init__(self, num_samples, eta, rungs):
        self.num_samples, self.eta = num_samples, eta
        self.finished = [[] for _ in range(rungs)]
        self.promoted = [set() for _ in range(rungs)]
        self.sampled = 0

    def job(self):
        for k in reversed(range(len(self.finished) - 1)):
            ranked = sorted(self.finished[k])
            for value, trial in ranked[: len(ranked) // self.eta]:
                if trial not in self.promoted[k] and value < float("inf"):
                    self.promoted[k].add(trial)
                    return trial, k + 1
        if self.sampled < self.num_samples:
            self.sampled += 1
            return self.sampled - 1, 0
        return None


@pytest.mark.parametrize("workers", [1, 4, 16])
@pytest.mark.parametrize("seed", range(6))
def test_simulated_searches_follow_the_published_rule(workers, seed):
    chance = random.Random(seed)
    eta = chance.choice([2, 3, 4])
    search = asha(num_samples=120, eta=eta, max_budget=eta**3)
    reference = Reference(120, eta, rungs=4)
    running, order, now = [], count(), 0.0
    while True:
        while len(running) < workers:
            proposal, job = search.ask(), reference.job()
            if proposal is None:
                assert job is None
                break
            level = search._level[proposal.budget]
            assert (proposal.trial, level) == job
            finish = now + chance.expovariate(1.0) * proposal.budget
            heapq.heappush(running, (finish, next(order), proposal, level))
        if not running:
            break
        now, _, proposal, level = heapq.heappop(running)
        failed = chance.random() < 0.1
        # Rounded, so that there are ties.
        loss = float("inf") if failed else round(chance.random(), 2)
        search.tell(proposal.id, {"loss": loss})
        reference.finished[level].append((loss, proposal.trial))
    assert search.done
    plan = search.plan()
    for rung, finished in zip(plan.rungs, reference.finished, strict=True):
        assert len(finished) <= rung.at_most


def test_the_plan_bounds_what_happens():
    for better_later in (False, True):
        search = asha(num_samples=30, max_budget=9)
        budgets = []
        while (proposal := search.ask()) is not None:
            budgets.append(proposal.budget)
            search.tell(proposal.id, {"loss": -proposal.trial if better_later else proposal.trial})
        for rung in search.plan().rungs:
            exact = rung.at_most if better_later else rung.at_least
            assert budgets.count(rung.budget) == exact


def test_the_plan_adds_up_what_is_trained():
    plan = asha(num_samples=9, max_budget=9).plan()
    assert [(r.number, r.budget, r.at_least, r.at_most) for r in plan.rungs] == [
        (0, 1, 9, 9),
        (1, 3, 3, 7),
        (2, 9, 1, 5),
    ]
    assert plan.trials == 9
    assert plan.budget_at_least == 9 * 1 + 3 * 2 + 1 * 6
    assert plan.budget_at_most == 9 * 1 + 7 * 2 + 5 * 6
    assert plan.to_config()["rungs"][2] == {
        "number": 2,
        "budget": 9,
        "at_least": 1,
        "at_most": 5,
        "bracket": 0,
    }


def test_a_total_budget_decides_the_sizes():
    plan = asha(num_samples=None, total_budget=243).plan()
    assert plan.trials == 63
    assert [rung.budget for rung in plan.rungs] == [1, 3, 9, 27]


@pytest.mark.parametrize(
    "given", [{"num_samples": 5}, {"max_budget": 9}, {"num_samples": 5, "max_budget": 9}]
)
def test_nothing_is_silently_overridden(given):
    with pytest.raises(SearchError) as caught:
        asha(total_budget=243, **{"num_samples": None, **given})
    for name in given:
        assert f" {name}" in str(caught.value).rpartition("give")[2]


def test_defaults():
    plan = asha(num_samples=None).plan()
    assert (plan.trials, plan.rungs[-1].budget) == (50, 27)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"eta": 1}, "eta: expected an integer >= 2, got 1"),
        ({"eta": 3.0}, "eta: expected an integer"),
        ({"eta": True}, "eta: expected an integer"),
        ({"num_samples": 0}, "num_samples: expected an integer >= 1, got 0"),
        ({"min_budget": 0}, "min_budget: expected a finite number > 0, got 0"),
        ({"min_budget": "1"}, "min_budget: expected a finite number"),
        ({"max_budget": float("inf")}, "max_budget: expected a finite number"),
        ({"max_budget": 0.5}, "max_budget 0.5 is below the lowest rung, min_budget 1"),
        ({"min_early_stopping_rate": 4}, "below the lowest rung"),
        ({"min_early_stopping_rate": -1}, "min_early_stopping_rate: expected an integer >= 0"),
        ({"total_budget": 0.5, "num_samples": None}, "does not pay for one trial"),
        ({"num_sample": 3}, "no parameter 'num_sample'; did you mean 'num_samples'"),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises(SearchError, match=message):
        asha(**params)


def test_several_objectives_promote_the_front():
    search = asha(objectives={"accuracy": "max", "macs": "min"}, num_samples=9, max_budget=3)
    results = [
        (0.9, 9),
        (0.1, 1),
        (0.5, 9),
        (0.6, 5),
        (0.05, 2),
        (0.5, 6),
        (0.4, 9),
        (0.3, 9),
        (0.2, 9),
    ]
    proposals = [search.ask() for _ in results]
    for proposal, (accuracy, macs) in zip(proposals, results, strict=True):
        search.tell(proposal.id, {"accuracy": accuracy, "macs": macs})
    assert {trial.number for trial in search.pareto()} == {0, 1, 3}
    promoted = [search.ask() for _ in range(3)]
    assert {proposal.trial for proposal in promoted} == {0, 1, 3}
    assert search.ask() is None
