"""Successive halving and Hyperband, against the published tables and rules."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from vega_algos_hpo.brackets import hyperband_brackets
from vega_algos_hpo.halving import SuccessiveHalving, ranked
from vega_algos_hpo.hyperband import Hyperband
from vega_core.errors import SearchError
from vega_core.search import FAILED, Continue, Fresh, algorithm

SPACE = {"x": ("FLOAT", 0.0, 1.0)}

# Li et al., 2018, table 1, for (81, 3); the others by the paper's algorithm 1.
TABLES = {
    (81, 3): [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ],
    (27, 3): [
        [(27, 1), (9, 3), (3, 9), (1, 27)],
        [(12, 3), (4, 9), (1, 27)],
        [(6, 9), (2, 27)],
        [(4, 27)],
    ],
    (16, 4): [[(16, 1), (4, 4), (1, 16)], [(6, 4), (1, 16)], [(3, 16)]],
}


def make(cls, objectives="loss", **params):
    return algorithm(cls, space=SPACE, objectives=objectives, **params)


def run(search, loss, workers=1):
    """Runs a search, the oldest result first; returns (trial, budget) in the order of asking."""
    asked, running = [], []
    while not search.done:
        while len(running) < workers and (proposal := search.ask()) is not None:
            asked.append(proposal)
            running.append(proposal)
        done = running.pop(0)
        told = loss(done)
        search.tell(done.id, told if told is FAILED else {"loss": told})
    return [(proposal.trial, proposal.budget) for proposal in asked]


@pytest.mark.parametrize(("largest", "eta"), TABLES)
def test_brackets_equal_the_published_tables(largest, eta):
    brackets = hyperband_brackets(1, largest, eta)
    pairs = [list(zip(one.sizes, one.budgets, strict=True)) for one in brackets]
    assert pairs == TABLES[largest, eta]
    plan = make(Hyperband, max_budget=largest, eta=eta).plan()
    assert [[(r.at_least, r.budget) for r in rungs] for rungs in plan.brackets()] == pairs


@pytest.mark.parametrize(("largest", "eta"), TABLES)
@pytest.mark.parametrize("workers", [1, 7])
def test_a_search_trains_what_the_table_says(largest, eta, workers):
    search = make(Hyperband, max_budget=largest, eta=eta)
    asked = run(search, lambda proposal: proposal.config["x"], workers)
    expected = Counter()
    for bracket in TABLES[largest, eta]:
        for size, budget in bracket:
            expected[budget] += size
    assert Counter(budget for _, budget in asked) == expected


def test_the_best_third_of_a_rung_is_promoted_and_continues():
    search = make(SuccessiveHalving, num_samples=9, max_budget=9)
    first = [search.ask() for _ in range(9)]
    assert search.ask() is None
    losses = [0.5, 0.1, 0.9, 0.3, 0.7, 0.2, 0.8, 0.6, 0.4]
    assert all(proposal.start == Fresh() for proposal in first)
    for proposal, loss in zip(first, losses, strict=True):
        assert search.ask() is None  # the rung is not complete
        search.tell(proposal.id, {"loss": loss})
    second = [search.ask() for _ in range(3)]
    assert [(p.trial, p.budget, p.start) for p in second] == [
        (1, 3, Continue(1)),
        (5, 3, Continue(5)),
        (3, 3, Continue(3)),
    ]
    assert search.ask() is None
    for proposal in second:
        search.tell(proposal.id, {"loss": proposal.trial})
    last = search.ask()
    assert (last.trial, last.budget) == (1, 9)
    search.tell(last.id, {"loss": 0.0})
    assert search.done


def test_the_original_releases_double_division_is_not_made():
    asked = run(make(SuccessiveHalving, num_samples=81, max_budget=81), lambda p: p.config["x"])
    counted = Counter(budget for _, budget in asked)
    assert counted == {1: 81, 3: 27, 9: 9, 27: 3, 81: 1}


def test_a_straggler_holds_its_bracket_alone():
    search = make(Hyperband, max_budget=9)
    straggler = search.ask()
    others = [search.ask() for _ in range(8)]
    for proposal in others:
        search.tell(proposal.id, {"loss": proposal.config["x"]})
    # The first rung waits for one result; a free worker begins the bracket at 3 epochs.
    assert [search.ask().budget for _ in range(5)] == [3] * 5
    search.tell(straggler.id, {"loss": -1.0})
    promoted = search.ask()
    assert (promoted.trial, promoted.budget) == (straggler.trial, 3)
    assert promoted.start == Continue(straggler.trial)


def test_failed_trials_rank_last_and_are_not_promoted():
    search = make(SuccessiveHalving, num_samples=9, max_budget=9)
    asked = run(search, lambda p: FAILED if p.trial != 4 else math.pi)
    assert asked[9:] == [(4, 3), (4, 9)]
    search = make(Hyperband, max_budget=9)
    assert len(run(search, lambda _: FAILED)) == 9 + 5 + 3
    assert search.done


def test_equal_results_go_by_number():
    assert ranked([(3, (1.0,)), (1, (1.0,)), (2, None), (0, (2.0,))]) == [1, 3, 0]


def test_several_objectives_are_ranked_by_front():
    finished = [(0, (3.0, 3.0)), (1, (1.0, 2.0)), (2, (2.0, 1.0)), (3, (2.0, 2.0)), (4, None)]
    assert ranked(finished) == [1, 2, 3, 0]


def test_total_budget_runs_as_many_brackets_as_it_pays_for():
    # The brackets cost 27, 24 and 27.
    for total, count in ((27, 1), (50, 1), (51, 2), (78, 3), (105, 4)):
        plan = make(Hyperband, max_budget=9, total_budget=total).plan()
        assert len(plan.brackets()) == count
        assert sum(rung.at_most * rung.budget for rung in plan.rungs) <= total
    assert make(Hyperband, max_budget=9, iterations=2).plan().trials == 2 * (9 + 5 + 3)


def test_the_plan_adds_up():
    plan = make(Hyperband, max_budget=9).plan()
    # 9 of 1, 3 more of 2 more, 1 of 6 more; 5 of 3, 1 of 6 more; 3 of 9.
    assert plan.budget_at_most == plan.budget_at_least == 9 + 6 + 6 + 15 + 6 + 27
    assert plan.largest == 9


@pytest.mark.parametrize(
    ("cls", "params", "said"),
    [
        (SuccessiveHalving, {"eta": 1}, "eta"),
        (SuccessiveHalving, {"num_samples": 0}, "num_samples"),
        (SuccessiveHalving, {"min_budget": 9, "max_budget": 3}, "below the lowest rung"),
        (SuccessiveHalving, {"total_budget": 81, "num_samples": 9}, "give it alone"),
        (SuccessiveHalving, {"total_budget": 0.5}, "does not pay"),
        (Hyperband, {"eta": 1}, "eta"),
        (Hyperband, {"min_budget": 9, "max_budget": 3}, "below the lowest rung"),
        (Hyperband, {"iterations": 0}, "iterations"),
        (Hyperband, {"total_budget": 81, "iterations": 1}, "give it or iterations"),
        (Hyperband, {"total_budget": 80}, "does not pay for one bracket, which costs 405"),
    ],
)
def test_senseless_parameters_are_refused(cls, params, said):
    with pytest.raises(SearchError, match=said):
        make(cls, **params)
