"""Constraints: forms and bounds."""

from __future__ import annotations

import math

import pytest

from vega_core.errors import SearchError
from vega_core.search import Constraint, parse_constraints

AT_MOST = Constraint("params", "<=", 1e6)


@pytest.mark.parametrize(
    "given",
    [
        "params <= 1e6",
        "  params<=1000000. ",
        ["params <= 1e6"],
        {"params": "<= 1e6"},
        {"params": ["<=1E+6"]},
        [AT_MOST],
    ],
)
def test_forms_of_one(given):
    assert parse_constraints(given) == (AT_MOST,)


@pytest.mark.parametrize(
    "given",
    [
        "params in [100, 1e3] and macs > 5",
        ["params in [100, 1e3]", "macs > 5"],
        {"params": "in [100, 1e3]", "macs": "> 5"},
        {"params": [">= 100", "<= 1000"], "macs": "> 5"},
    ],
)
def test_forms_of_several(given):
    assert parse_constraints(given) == (
        Constraint("params", ">=", 100.0),
        Constraint("params", "<=", 1000.0),
        Constraint("macs", ">", 5.0),
    )


@pytest.mark.parametrize("given", [None, (), [], {}])
def test_none(given):
    assert parse_constraints(given) == ()


@pytest.mark.parametrize(
    "given",
    [
        "params",
        "params <=",
        "<= 3",
        "params <= many",
        "params == 3",
        "params <= 3 <= 4",
        "params in [3]",
        {"params": 3},
        {"params": "params <= 3"},
        {"params": [3, 4]},
        {"params": "in [4, 3]"},
    ],
)
def test_what_is_no_constraint(given):
    with pytest.raises(SearchError, match="constraints"):
        parse_constraints(given)


def test_one_at_a_time():
    assert Constraint.parse("params <= 1e6") == AT_MOST
    with pytest.raises(SearchError, match="one comparison"):
        Constraint.parse("params in [1, 2]")


@pytest.mark.parametrize(
    ("text", "held"),
    [("<= 5", "45"), (">= 5", "56"), ("< 5", "4"), ("> 5", "6"), ("in [4, 5]", "45")],
)
def test_bounds(text, held):
    constraints = parse_constraints({"x": text})
    for value in (4, 5, 6):
        assert all(c.holds({"x": value}) for c in constraints) == (str(value) in held)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_never_holds(value):
    assert not Constraint.parse("x <= 5").holds({"x": value})
    assert not Constraint.parse("x >= 5").holds({"x": value})


def test_text():
    assert str(AT_MOST) == "params <= 1000000"
    assert Constraint.parse(str(AT_MOST)) == AT_MOST


def test_a_metric_that_the_analysis_does_not_give():
    with pytest.raises(
        SearchError, match=r"gives no 'params'; it gives: macs, param; did you mean 'param'"
    ):
        AT_MOST.holds({"param": 1.0, "macs": 2.0})
