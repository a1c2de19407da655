"""Forbidden combinations."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core.errors import SpaceError
from vega_core.space import SearchSpace, find_faults

PARAMETERS = [
    {"key": "n", "type": "INT", "range": [0, 4]},
    {"key": "f", "type": "FLOAT", "range": [0.0, 1.0]},
    {"key": "s", "type": "STRING", "range": ["x", "y"]},
    {"key": "l", "type": "IntArray", "range": [[0, 1], [0, 1]]},
    {"key": "child", "type": "INT", "range": [0, 1]},
]
CONDITION = [{"child": "child", "parent": "s", "type": "EQUAL", "range": ["x"]}]


def build(*clauses):
    return SearchSpace.from_config(
        {"hyperparameters": PARAMETERS, "condition": CONDITION, "forbidden": list(clauses)}
    )


def matches(row, clause):
    return all(name in row and row[name] == value for name, value in clause.items())


@pytest.mark.parametrize(
    "clause",
    [
        {"n": 3},
        {"s": "x"},
        {"l": [0, 1]},
        {"n": 2, "s": "y"},
        {"child": 1},
        {"child": 0, "l": [1, 1]},
    ],
)
def test_no_sample_has_the_combination(clause):
    free = build().sample(500, 0, as_dicts=True)
    assert any(matches(row, clause) for row in free)
    space = build(clause)
    rows = space.sample(500, 0, as_dicts=True)
    assert len(rows) == 500
    assert not any(matches(row, clause) for row in rows)
    bad = next(row for row in free if matches(row, clause))
    with pytest.raises(SpaceError, match="is forbidden"):
        space.validate(bad)


def test_an_inactive_parameter_has_no_value_to_forbid():
    space = build({"child": 0}, {"child": 1})
    rows = space.sample(100, 0, as_dicts=True)
    assert all(row["s"] == "y" for row in rows)


def test_every_place_decodes_to_an_allowed_configuration_the_same_each_time():
    space = build({"n": 0}, {"n": 1, "s": "x"}, {"l": [0, 0]}, {"l": [1, 0], "s": "y"})
    places = np.random.default_rng(0).random((300, len(space.dimensions)))
    rows = space.decode(places).to_dicts()
    for row in rows:
        space.validate(row)
    alone = [space.decode(place[None]).to_dicts()[0] for place in places]
    assert rows == alone


def test_a_forbidden_place_stands_for_one_nearby():
    space = build({"n": 2})
    free = build()
    places = np.random.default_rng(1).random((400, len(space.dimensions)))
    for before, after in zip(
        free.decode(places).to_dicts(), space.decode(places).to_dicts(), strict=True
    ):
        if before["n"] == 2:
            assert {**before, "n": 0} == {**after, "n": 0}
        else:
            assert before == after


def test_places_of_allowed_configurations_decode_to_them():
    space = build({"n": 0}, {"n": 1, "s": "x"})
    rows = space.sample(100, 3, as_dicts=True)
    places, _ = space.encode(rows)
    assert [{**row, "f": 0} for row in space.decode(places).to_dicts()] == [
        {**row, "f": 0} for row in rows
    ]


def test_a_space_that_forbids_everything():
    space = build(*({"n": value} for value in range(5)))
    with pytest.raises(SpaceError, match=r"only 0 of \d+ random configurations are allowed"):
        space.sample(1, 0)
    with pytest.raises(SpaceError, match="allowed by 'forbidden'"):
        space.decode(np.full((1, len(space.dimensions)), 0.5))
    assert space.sample(0, 0, as_dicts=True) == []
    assert space.grid(2) == []
    assert (
        SearchSpace.from_config(
            {"hyperparameters": PARAMETERS[:1], "forbidden": [{"n": value} for value in range(5)]}
        ).cardinality
        == 0
    )


def test_a_small_share_is_still_found():
    keys = [{"key": f"k{i}", "type": "INT", "range": [0, 9]} for i in range(2)]
    clauses = [{"k0": value} for value in range(1, 10)] + [{"k1": value} for value in range(2, 10)]
    rows = SearchSpace.from_config({"hyperparameters": keys, "forbidden": clauses}).sample(
        1000, 0, as_dicts=True
    )
    assert {(row["k0"], row["k1"]) for row in rows} == {(0, 0), (0, 1)}


@pytest.mark.parametrize(
    ("clause", "path", "text"),
    [
        ({"m": 1}, ("m",), "unknown parameter 'm'"),
        ({"chidl": 1}, ("chidl",), "did you mean 'child'"),
        ({"n": 7}, ("n",), "7 is not in"),
        ({"s": "X"}, ("s",), "did you mean 'x'"),
        ({"l": [0]}, ("l",), "has 1 value"),
        ({}, (), "at least one"),
        (["n"], (), "is a mapping"),
    ],
)
def test_errors_name_the_place(clause, path, text):
    mapping = {
        "hyperparameters": PARAMETERS,
        "condition": CONDITION,
        "forbidden": [{"n": 1}, clause],
    }
    with pytest.raises(SpaceError, match=text) as error:
        SearchSpace.from_config(mapping)
    assert error.value.path == ("forbidden", 1, *path)
    assert [fault.path for fault in find_faults(mapping)] == [("forbidden", 1, *path)]
