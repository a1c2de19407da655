"""Budgets of rungs and what a total budget pays for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega_algos_hpo.ladder import afford, ladder
from vega_core.errors import SearchError


@pytest.mark.parametrize(
    ("total", "samples", "largest"),
    [
        (20, 8, 3),
        (50, 17, 9),
        (81, 26, 9),
        (243, 63, 27),
        (300, 80, 27),
        (1000, 215, 81),
        (2430, 450, 243),
    ],
)
def test_what_a_total_budget_pays_for(total, samples, largest):
    assert afford(total, 3) == (samples, largest)


@given(st.integers(1, 3000), st.integers(2, 5))
def test_the_number_of_trials_is_the_largest_affordable(total, eta):
    def cost(n):
        return sum((n // eta**k) * eta**k for k in range(20))

    samples, largest = afford(total, eta)
    assert cost(samples) <= total < cost(samples + 1)
    assert largest in {eta**k for k in range(12)}


def test_a_total_budget_in_other_units():
    assert afford(24.3, 3, 0.1) == (63, 2.7)
    with pytest.raises(SearchError, match="one trial"):
        afford(0.5, 3)


@pytest.mark.parametrize("eta", [2, 3, 4, 5, 7, 10])
def test_powers_are_exact(eta):
    for power in range(1, 16):
        assert ladder(1, eta**power, eta) == tuple(eta**k for k in range(power + 1))
        assert len(ladder(1, eta**power - 0.5, eta)) == power


def test_decimals_are_what_they_look_like():
    assert ladder(0.1, 0.9, 3) == (0.1, 0.3, 0.9)
    assert ladder(0.01, 2.43, 3)[-1] == 2.43


def test_whole_budgets_are_integers():
    assert [type(budget) for budget in ladder(1.0, 27.0, 3)] == [int] * 4
    assert [type(budget) for budget in ladder(0.5, 2, 2)] == [float, int, int]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((1, 50, 3), (1, 3, 9, 27)),
        ((2, 20, 3), (2, 6, 18)),
        ((1, 27, 3, 1), (3, 9, 27)),
        ((5, 5, 3), (5,)),
    ],
)
def test_ladders(given, expected):
    assert ladder(*given) == expected


@pytest.mark.parametrize("given", [(3, 2, 3), (1, 27, 3, 4)])
def test_a_budget_below_one_rung(given):
    with pytest.raises(SearchError, match=r"max_budget .* is below the lowest rung"):
        ladder(*given)
