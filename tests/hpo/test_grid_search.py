"""Grid search against itertools."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

from vega_algos_hpo.grid_search import GridSearch
from vega_core.errors import SearchError
from vega_core.search import FAILED, algorithm
from vega_core.space import SearchSpace


def grid(space, **keywords):
    return algorithm(GridSearch, space=space, objectives="loss", **keywords)


def configs(search):
    found = []
    while (proposal := search.ask()) is not None:
        found.append(proposal.config)
        search.tell(proposal.id, FAILED)
    assert search.done
    return found


def hashable(found):
    return [tuple(sorted(config.items())) for config in found]


OPTIMIZERS = {
    "hyperparameters": [
        {"key": "optimizer", "type": "CATEGORY", "range": ["Adam", "SGD", "LBFGS"]},
        {"key": "momentum", "type": "FLOAT", "range": [0.0, 0.9]},
        {"key": "nesterov", "type": "BOOL"},
        {"key": "lr", "type": "FLOAT_EXP", "range": [1e-4, 1e-1]},
    ],
    "condition": [
        {"key": "a", "child": "momentum", "parent": "optimizer", "type": "EQUAL", "range": ["SGD"]},
        {"key": "b", "child": "nesterov", "parent": "optimizer", "type": "EQUAL", "range": ["SGD"]},
        {"key": "c", "child": "lr", "parent": "optimizer", "type": "IN", "range": ["Adam", "SGD"]},
    ],
}


def test_all_combinations_in_the_order_of_the_product():
    space = {"a": (1, 3), "b": ["x", "y"], "c": ("FLOAT", 0.0, 1.0), "d": ("FLOAT_EXP", 1e-4, 1.0)}
    axes = [[1, 2, 3], ["x", "y"], [0.0, 0.25, 0.5, 0.75, 1.0], np.geomspace(1e-4, 1, 5).tolist()]
    expected = [dict(zip("abcd", values, strict=True)) for values in itertools.product(*axes)]
    assert configs(grid(space)) == expected


def test_rounded_integers_are_not_doubled():
    found = [config["a"] for config in configs(grid({"a": ("INT", 1, 10)}, points=4))]
    assert found == [1, 4, 7, 10]
    assert [config["a"] for config in configs(grid({"a": ("INT", 1, 2)}, points=9))] == [1, 2]
    wide = [config["a"] for config in configs(grid({"a": ("INT_EXP", 1, 8)}, points=7))]
    assert wide == sorted(set(wide))


def test_a_parameters_own_slice_counts():
    space = {"hyperparameters": [{"key": "a", "type": "FLOAT", "range": [0, 1], "slice": 3}]}
    assert [config["a"] for config in configs(grid(space, points=9))] == [0.0, 0.5, 1.0]


def test_no_two_points_differ_in_an_inactive_parameter():
    found = configs(grid(OPTIMIZERS, points=3))
    lr = np.geomspace(1e-4, 1e-1, 3).tolist()
    expected = [{"optimizer": "Adam", "lr": v} for v in lr]
    expected += [
        {"optimizer": "SGD", "momentum": m, "nesterov": n, "lr": v}
        for m, n, v in itertools.product([0.0, 0.45, 0.9], [False, True], lr)
    ]
    expected += [{"optimizer": "LBFGS"}]
    assert sorted(hashable(found)) == sorted(hashable(expected))


def test_a_child_may_stand_before_its_parent():
    space = {**OPTIMIZERS, "hyperparameters": OPTIMIZERS["hyperparameters"][::-1]}
    first, second = configs(grid(space, points=3)), configs(grid(OPTIMIZERS, points=3))
    assert sorted(hashable(first)) == sorted(hashable(second))


def test_forbidden_combinations_are_left_out():
    space = {
        "hyperparameters": [
            {"key": "a", "type": "INT", "range": [1, 3]},
            {"key": "b", "type": "FLOAT", "range": [0.0, 1.0]},
        ],
        "forbidden": [{"a": 2, "b": 0.25}],
    }
    found = configs(grid(space))
    assert len(found) == 14
    assert {"a": 2, "b": 0.25} not in found


@pytest.mark.parametrize(
    "forbidden", [[], [{"optimizer": "SGD"}], [{"momentum": 0.3, "nesterov": True}]]
)
def test_the_spaces_own_grid_has_the_same_points(forbidden):
    space = SearchSpace.from_config({**OPTIMIZERS, "forbidden": forbidden})
    expected = space.grid(4)
    assert sorted(hashable(configs(grid(space, points=4)))) == sorted(hashable(expected))


def test_every_point_is_in_the_space():
    search = grid(OPTIMIZERS)
    for config in configs(search):
        search.problem.space.validate(config)


def test_a_huge_grid_is_not_made_at_once():
    def digits(name):
        return [round(config[name] * 99) for config in found]

    for count in (30, 300):
        space = {f"x{i}": ("FLOAT", 0.0, 1.0) for i in range(count)}
        tracemalloc.start()
        search = grid(space, points=100)
        found = [search.ask().config for _ in range(250)]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100e6
        assert digits(f"x{count - 1}") == (list(range(100)) * 3)[:250]
        assert digits(f"x{count - 2}") == [0] * 100 + [1] * 100 + [2] * 50


def test_more_parameters_than_python_has_frames():
    search = grid({f"x{i}": ("FLOAT", 0.0, 1.0) for i in range(1200)}, points=2)
    first, second = search.ask().config, search.ask().config
    assert (first["x1199"], second["x1199"]) == (0.0, 1.0)


def test_alternatives_with_parameters_of_their_own_stay_few():
    # 8 * 5**24 combinations if all were active at once.
    parameters = [{"key": "kind", "type": "CATEGORY", "range": list("abcdefgh")}]
    conditions = []
    for kind in "abcdefgh":
        for i in range(3):
            name = f"{kind}{i}"
            parameters.append({"key": name, "type": "FLOAT", "range": [0, 1]})
            conditions.append(
                {"key": name, "child": name, "parent": "kind", "type": "EQUAL", "range": [kind]}
            )
    search = grid({"hyperparameters": parameters, "condition": conditions})
    assert search.plan().trials == 8 * 5**3
    assert len(set(hashable(configs(search)))) == 8 * 5**3


def test_the_plan_counts_the_points():
    plan = grid(OPTIMIZERS, points=3, budget=9).plan()
    rung = plan.rungs[0]
    assert (rung.budget, rung.at_least, rung.at_most) == (9, 22, 22)
    huge = grid({f"x{i}": ("FLOAT", 0.0, 1.0) for i in range(12)}, points=10).plan().rungs[0]
    assert huge.at_least == 100_001
    assert huge.at_most == 10**12


def test_constraints_leave_points_out():
    search = grid(
        {"a": (1, 3000)},
        points=3000,
        constraints="size > 2900",
        analyse=lambda config: {"size": config["a"]},
    )
    assert [config["a"] for config in configs(search)] == list(range(2901, 3001))
    nothing = grid(
        {"a": (1, 3)}, constraints="size > 3", analyse=lambda config: {"size": config["a"]}
    )
    with pytest.raises(SearchError, match=r"3 configurations \(all there are\)"):
        nothing.ask()


def test_values_that_cannot_be_listed():
    space = {"hyperparameters": [{"key": "mask", "type": "BinaryArray", "range": [64, 2]}]}
    with pytest.raises(SearchError, match=r"the 1\.84e\+19 values of 'mask'"):
        grid(space)
    with pytest.raises(SearchError, match="points: expected an integer >= 1, got 0"):
        grid({"a": (1, 3)}, points=0)
