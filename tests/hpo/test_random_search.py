"""Random search."""

from __future__ import annotations

import pytest
from scipy import stats

from vega_algos_hpo.random_search import RandomSearch
from vega_core.errors import SearchError
from vega_core.search import FAILED, algorithm


def search(space, **keywords):
    return algorithm(RandomSearch, space=space, objectives="loss", **keywords)


def configs(algorithm):
    return [algorithm.ask().config for _ in range(algorithm.plan().trials)]


def test_it_ends_after_its_samples():
    trials = search({"x": (0.0, 1.0)}, num_samples=3, budget=7)
    proposals = [trials.ask() for _ in range(3)]
    assert [proposal.budget for proposal in proposals] == [7, 7, 7]
    assert trials.ask() is None
    for proposal in proposals:
        trials.tell(proposal.id, FAILED)
    assert trials.done


def test_draws_are_independent_and_uniform():
    found = configs(search({"x": (0.0, 1.0), "c": ["a", "b", "c"]}, num_samples=3000))
    assert stats.kstest([config["x"] for config in found], "uniform").pvalue > 1e-3
    counts = [sum(config["c"] == c for config in found) for c in "abc"]
    assert stats.chisquare(counts).pvalue > 1e-3


def test_the_seed_decides():
    space = {"x": (0.0, 1.0)}
    assert configs(search(space, seed=1)) == configs(search(space, seed=1))
    assert configs(search(space, seed=1)) != configs(search(space, seed=2))


def test_fewer_samples_are_a_prefix_of_more():
    space = {"x": (0.0, 1.0), "n": (1, 9)}
    assert configs(search(space, num_samples=600))[:300] == configs(search(space, num_samples=300))


def test_rejected_samples_do_not_count():
    found = configs(
        search(
            {"x": (0.0, 1.0)},
            num_samples=50,
            constraints="size < 0.1",
            analyse=lambda config: {"size": config["x"]},
        )
    )
    assert len(found) == 50
    assert max(config["x"] for config in found) < 0.1


def test_bad_parameters():
    with pytest.raises(SearchError, match="num_samples: expected an integer >= 1, got 0"):
        search({"x": (0.0, 1.0)}, num_samples=0)
