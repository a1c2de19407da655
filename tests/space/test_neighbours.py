"""Neighbours: near, valid, and everything can be reached."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core.errors import SpaceError
from vega_core.space import SearchSpace


def test_moves_are_small():
    space = SearchSpace.from_dict({"f": (0.0, 1.0), "e": ("FLOAT_EXP", 1e-4, 1.0), "i": (0, 100)})
    row = {"f": 0.5, "e": 1e-2, "i": 50}
    near = space.neighbours(row, 0, 3000)
    assert len(near) == 3000
    moves = {
        "f": [r["f"] - 0.5 for r in near if r["f"] != 0.5],
        "e": [(np.log10(r["e"]) + 2) / 4 for r in near if r["e"] != 1e-2],
        "i": [(r["i"] - 50) / 100 for r in near if r["i"] != 50],
    }
    for distances in moves.values():
        assert len(distances) == pytest.approx(1000, abs=120)
        assert np.std(distances) == pytest.approx(0.1, rel=0.1)
        assert np.mean(distances) == pytest.approx(0.0, abs=0.012)


def test_a_change_of_the_parent_draws_its_children_anew():
    space = SearchSpace.from_dict(
        {"opt": ["Adam", "SGD"], "momentum": (0.0, 1.0), "beta": (0.0, 1.0)},
        condition=[
            {"child": "momentum", "parent": "opt", "type": "EQUAL", "range": ["SGD"]},
            {"child": "beta", "parent": "opt", "type": "EQUAL", "range": ["Adam"]},
        ],
    )
    near = space.neighbours({"opt": "Adam", "beta": 0.25}, 0, 400)
    turned = [row for row in near if row["opt"] == "SGD"]
    kept = [row for row in near if row["opt"] == "Adam"]
    assert len(turned) == pytest.approx(200, abs=50)
    assert all(row.keys() == {"opt", "momentum"} for row in turned)
    assert len({row["momentum"] for row in turned}) == len(turned)
    assert all(row["beta"] != 0.25 for row in kept)


@pytest.mark.parametrize("low", [1, 5])
@pytest.mark.parametrize("kind", ["INT", "INT_EXP"])
def test_integers_walk_everywhere(kind, low):
    space = SearchSpace.from_dict({"i": (kind, low, low + 7)})
    row, seen = {"i": low + 3}, set()
    rng = np.random.default_rng(0)
    for _ in range(400):
        row = space.neighbours(row, rng)[0]
        seen.add(row["i"])
    assert seen == set(range(low, low + 8))


def test_a_space_of_one_has_no_neighbours():
    space = SearchSpace.from_dict({"a": [1], "b": (2, 2), "c": (0.5, 0.5)})
    assert space.neighbours({"a": 1, "b": 2, "c": 0.5}, 0, 5) == []


def test_forbidden_neighbours_are_left_out():
    space = SearchSpace.from_dict({"a": (0, 9), "b": (0, 1)}, forbidden=[{"b": 1}])
    near = space.neighbours({"a": 5, "b": 0}, 0, 50)
    assert len(near) == 50
    assert all(row["b"] == 0 for row in near)


def test_all_neighbours_forbidden():
    space = SearchSpace.from_dict({"a": (0, 1)}, forbidden=[{"a": 1}])
    assert space.neighbours({"a": 0}, 0, 5) == []


def test_the_start_must_be_valid():
    space = SearchSpace.from_dict({"a": (0, 9)})
    with pytest.raises(SpaceError, match="12 is not in"):
        space.neighbours({"a": 12}, 0)


def test_none_are_asked_for():
    assert SearchSpace.from_dict({"a": (0, 9)}).neighbours({"a": 1}, 0, 0) == []
