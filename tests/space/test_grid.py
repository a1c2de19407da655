"""Grids and the number of configurations."""

from __future__ import annotations

import math

import pytest

from vega_core.errors import SpaceError
from vega_core.space import SearchSpace


def axis(form, points=5):
    return [row["x"] for row in SearchSpace.from_dict({"x": form}).grid(points)]


def test_points_are_even_with_both_ends():
    assert axis((0.0, 1.0)) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert axis((0, 8)) == [0, 2, 4, 6, 8]
    assert axis((0, 2)) == [0, 1, 2]
    assert axis(("INT_EXP", 1, 16)) == [1, 2, 4, 8, 16]
    assert axis(("FLOAT_EXP", 1e-4, 1.0)) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1.0])
    assert axis(("FLOAT_EXP", 1e-4, 1.0))[::4] == [1e-4, 1.0]
    assert axis(list("abcdefg")) == list("abcdefg")


def test_one_point_is_the_middle():
    assert axis((0.0, 1.0), 1) == [0.5]
    assert axis((0, 8), 1) == [4]
    assert axis(("FLOAT_EXP", 1e-4, 1.0), 1) == pytest.approx([1e-2])


def test_slice_goes_before_points():
    assert axis({"type": "INT", "range": [0, 8], "slice": 3}) == [0, 4, 8]
    assert axis({"type": "IntArray", "range": [[0, 8], [0, 8]], "slice": 2}) == [
        [0, 0],
        [0, 8],
        [8, 0],
        [8, 8],
    ]


def test_the_last_varies_fastest_and_children_only_where_active():
    space = SearchSpace.from_dict(
        {"opt": ["Adam", "SGD"], "momentum": (0.0, 1.0), "lr": [1, 2]},
        condition=[{"child": "momentum", "parent": "opt", "type": "EQUAL", "range": ["SGD"]}],
    )
    assert space.grid(2) == [
        {"opt": "Adam", "lr": 1},
        {"opt": "Adam", "lr": 2},
        {"opt": "SGD", "momentum": 0.0, "lr": 1},
        {"opt": "SGD", "momentum": 0.0, "lr": 2},
        {"opt": "SGD", "momentum": 1.0, "lr": 1},
        {"opt": "SGD", "momentum": 1.0, "lr": 2},
    ]


def test_many_alternatives_stay_small():
    names = [f"method{i}" for i in range(20)]
    space = SearchSpace.from_dict(
        {"method": names, **{f"{name}.rate": (0, 9) for name in names}},
        condition=[
            {"child": f"{name}.rate", "parent": "method", "type": "EQUAL", "range": [name]}
            for name in names
        ],
    )
    assert len(space.grid(10)) == space.cardinality == 200


def test_a_grid_too_large_says_which_parameters():
    space = SearchSpace.from_dict({"a": (0, 9_999), "b": (0, 9_999), "c": [1, 2]})
    with pytest.raises(SpaceError, match=r"1,000,000 points \(b has 10,000, a has 10,000, c"):
        space.grid(10_000)
    huge = SearchSpace.from_dict({"bits": {"type": "BINARY_CODE", "range": [500]}})
    with pytest.raises(SpaceError, match="bits has"):
        huge.grid()


def test_points_must_be_positive():
    with pytest.raises(SpaceError, match="points"):
        SearchSpace.from_dict({"a": (0, 9)}).grid(0)


@pytest.mark.parametrize(
    ("form", "count"),
    [
        ((0.0, 1.0), math.inf),
        ((0.5, 0.5), 1),
        ((0, 9), 10),
        ([1, 2, 3], 3),
        ({"type": "BINARY_CODE", "range": [200]}, 2**200),
        ({"type": "BINARY_CODE", "range": [200, 100]}, math.comb(200, 100)),
        ({"type": "BinaryArray", "range": [4, 5]}, 5**4),
        ({"type": "HALF", "range": [64]}, 1 + math.comb(64, 32)),
        ({"type": "IntArray", "range": [[0, 9]], "length": 30}, 10**30),
    ],
)
def test_cardinality(form, count):
    assert SearchSpace.from_dict({"x": form, "y": [1]}).cardinality == count


def test_cardinality_is_a_bound_where_parents_have_too_many_values():
    space = SearchSpace.from_dict(
        {"a": (0, 10**6), "b": (0, 1)},
        condition=[{"child": "b", "parent": "a", "type": "IN", "range": [0, 10]}],
    )
    assert space.cardinality == 2 * (10**6 + 1)
