"""Ranking and crowding against their definitions, spelt out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core.search import (
    crowding_distance,
    fronts,
    non_dominated,
    pareto_ranks,
    selection_order,
)


def dominates(a, b):
    pairs = list(zip(a, b, strict=True))
    return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)


def ranks_by_definition(points):
    rank, left, level = {}, list(range(len(points))), 0
    while left:
        front = [i for i in left if not any(dominates(points[j], points[i]) for j in left)]
        rank.update(dict.fromkeys(front, level))
        left = [i for i in left if i not in front]
        level += 1
    return [rank[i] for i in range(len(points))]


def crowding_by_definition(points):
    """Deb's procedure, one point and one objective at a time, on distinct points."""
    total = [0.0] * len(points)
    for m in range(len(points[0])):
        order = sorted(range(len(points)), key=lambda i: points[i][m])
        low, high = points[order[0]][m], points[order[-1]][m]
        if low == high:
            continue
        total[order[0]] = total[order[-1]] = float("inf")
        for before, i, after in zip(order, order[1:], order[2:], strict=False):
            total[i] += (points[after][m] - points[before][m]) / (high - low)
    return [value / len(points[0]) for value in total]


def few_values(objectives):
    """Points on a coarse grid, so that ties and equal points are common."""
    point = st.tuples(*[st.integers(0, 4).map(float)] * objectives)
    return st.lists(point, min_size=1, max_size=40)


@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
def test_ranks_follow_the_definition(objectives):
    @settings(max_examples=60, deadline=None)
    @given(few_values(objectives))
    def check(points):
        expected = ranks_by_definition(points)
        assert pareto_ranks(points).tolist() == expected
        assert non_dominated(points).tolist() == [rank == 0 for rank in expected]
        for level, front in enumerate(fronts(points)):
            assert front.tolist() == [i for i, rank in enumerate(expected) if rank == level]

    check()


@pytest.mark.parametrize("objectives", [2, 3, 5])
def test_ranks_of_many_points(objectives):
    # More than one chunk of the front's computation.
    points = np.random.default_rng(objectives).normal(size=(700, objectives))
    no_larger = (points[:, None] <= points[None]).all(axis=2)
    smaller = (points[:, None] < points[None]).any(axis=2)
    assert (non_dominated(points) == ~(no_larger & smaller).any(axis=0)).all()
    assert pareto_ranks(points[:300]).tolist() == ranks_by_definition(points[:300].tolist())


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 9).map(float)] * 3), min_size=3, max_size=30, unique=True)
)
def test_crowding_follows_the_definition(points):
    np.testing.assert_allclose(crowding_distance(points), crowding_by_definition(points))


def test_crowding_of_a_line():
    points = np.array([[0.0, 4.0], [1.0, 3.0], [3.0, 1.0], [4.0, 0.0]])
    assert crowding_distance(points).tolist() == [np.inf, 0.75, 0.75, np.inf]


def test_of_equal_points_one_keeps_its_distance():
    points = [[0.0, 4.0], [2.0, 2.0], [2.0, 2.0], [4.0, 0.0]]
    assert crowding_distance(points).tolist() == [np.inf, 1.0, 0.0, np.inf]


@pytest.mark.parametrize("count", [1, 2])
def test_one_and_two_points_are_alone(count):
    assert np.isinf(crowding_distance(np.zeros((count, 2)))).all()


def test_nothing():
    assert pareto_ranks([]).tolist() == []
    assert list(fronts([])) == []
    assert non_dominated(np.zeros((0, 3))).tolist() == []
    assert crowding_distance([]).tolist() == []
    assert selection_order([]).tolist() == []


def test_order_is_by_rank_then_crowding_then_arrival():
    points = [[5.0, 5.0], [2.0, 2.0], [0.0, 4.0], [2.1, 1.9], [4.0, 0.0], [2.0, 2.0]]
    rank, order = pareto_ranks(points), selection_order(points).tolist()
    assert order[-1] == 0
    assert set(order[:2]) == {2, 4}
    assert order.index(1) < order.index(5)
    assert [rank[i] for i in order] == sorted(rank)


@pytest.mark.parametrize("given", [[[1.0, np.nan]], [1.0, 2.0]])
def test_what_cannot_be_ranked(given):
    with pytest.raises(ValueError, match=r"NaN|shape"):
        pareto_ranks(given)
