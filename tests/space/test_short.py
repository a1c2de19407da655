"""The short form of a space for Python."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core.errors import SpaceError
from vega_core.space import Category, Integer, Real, SearchSpace, as_space


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (["a", "b"], Category(("a", "b"))),
        ([1, None, True], Category((1, None, True))),
        ((2, 5), Integer(2, 5)),
        ((0.0, 1.0), Real(0.0, 1.0)),
        ((0, 1.0), Real(0.0, 1.0)),
        ((np.int64(2), np.int64(5)), Integer(2, 5)),
        (("INT_EXP", 1, 100), Integer(1, 100, log=True)),
        (("FLOAT_EXP", 1e-5, 1e-1), Real(1e-5, 1e-1, log=True)),
        (("STRING", ["a", "b"]), Category(("a", "b"), "STRING")),
        (("INT_CAT", 1, 2, 4), Category((1, 2, 4), "INT_CAT")),
        (("BOOL",), Category((True, False), "BOOL")),
        ({"type": "INT", "range": [2, 5], "slice": 2}, Integer(2, 5, points=2)),
        (Integer(2, 5), Integer(2, 5)),
    ],
)
def test_forms(value, kind):
    assert SearchSpace.from_dict({"x": value}).parameters["x"] == kind


def test_conditions_and_forbidden():
    space = SearchSpace.from_dict(
        {"opt": ["Adam", "SGD"], "momentum": (0.0, 0.99)},
        condition=[{"child": "momentum", "parent": "opt", "type": "EQUAL", "range": ["SGD"]}],
        forbidden=[{"opt": "Adam"}],
    )
    assert {len(row) for row in space.sample(20, 0, as_dicts=True)} == {2}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "x: 0.1 is not a list of choices"),
        ("SGD", "'SGD' is not a list of choices"),
        ((5, 2), "reversed"),
        ((1, 2, 3), "is not a list of choices"),
        ((), "is not a list of choices"),
        ((True, False), "is not a list of choices"),
        ([], "empty"),
        (("FLOT", 1, 2), "did you mean 'FLOAT'"),
        ({"range": [1, 2]}, "no 'type'"),
        ((0.0, float("nan")), "finite"),
    ],
)
def test_errors_name_the_parameter(value, text):
    with pytest.raises(SpaceError, match=text) as error:
        SearchSpace.from_dict({"a": (0, 1), "x": value})
    assert error.value.path[0] == "x"


def test_errors_of_conditions():
    with pytest.raises(SpaceError, match="unknown condition type") as error:
        SearchSpace.from_dict(
            {"a": (0, 1)}, [{"child": "a", "parent": "a", "type": "IS", "range": [1]}]
        )
    assert error.value.path == ("condition", 0, "type")


def test_a_space_needs_parameters():
    with pytest.raises(SpaceError, match="at least one hyperparameter"):
        SearchSpace.from_dict({})


@pytest.mark.parametrize("form", [None, 3, ["x"]])
def test_what_is_no_form(form):
    with pytest.raises(SpaceError, match="is a mapping"):
        as_space(form)


def test_any_form_is_made_a_space():
    space = SearchSpace.from_dict({"x": (2, 5)})
    assert as_space(space) is space
    assert as_space({"x": (2, 5)}) == space
    assert as_space(space.to_config()) == space
