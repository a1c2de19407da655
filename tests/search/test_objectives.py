"""Objectives: forms, directions, values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vega_core.errors import SearchError
from vega_core.search import Objectives


def test_values_are_to_be_minimised_in_order_of_declaration():
    objectives = Objectives.parse({"accuracy": "max", "macs": "min"})
    assert objectives.values({"macs": 3, "accuracy": 0.9, "other": "text"}) == (-0.9, 3.0)


def test_metrics_undoes_values():
    objectives = Objectives.parse({"accuracy": "max", "macs": "min"})
    metrics = {"accuracy": 0.0, "macs": 3.0}
    values = objectives.values(metrics)
    assert values is not None
    assert objectives.metrics(values) == metrics
    assert math.copysign(1, objectives.metrics(values)["accuracy"]) == 1


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("accuracy", "max"),
        ("val_accuracy", "max"),
        ("accuracy_top5", "max"),
        ("top1.acc", "max"),
        ("mAP50", "max"),
        ("r2", "max"),
        ("valid_loss", "min"),
        ("latency_ms", "min"),
        ("memory_mb", "min"),
        ("Params", "min"),
        ("flops", "min"),
        ("macs", "min"),
    ],
)
def test_a_usual_name_needs_no_direction(name, direction):
    assert Objectives.parse(name).directions == ((name, direction),)
    assert Objectives.parse([name]).to_config() == {name: direction}


@pytest.mark.parametrize("name", ["quality", "accuracy_loss", "x"])
def test_an_unusual_name_needs_one(name):
    with pytest.raises(SearchError, match=rf"{name}: max.*{name}: min"):
        Objectives.parse(name)


@pytest.mark.parametrize("way", ["MAX", "maximize", "Maximise"])
def test_spellings_of_a_direction(way):
    assert Objectives.parse({"x": way}).directions == (("x", "max"),)


@pytest.mark.parametrize("given", [{"x": "up"}, {"x": None}, {}, [], ["loss", "loss"]])
def test_what_is_no_objective(given):
    with pytest.raises(SearchError, match="objectives"):
        Objectives.parse(given)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_what_is_not_finite_has_no_values(value):
    assert Objectives.parse({"a": "max", "b": "min"}).values({"a": 1.0, "b": value}) is None


@pytest.mark.parametrize("value", [1, 1.0, True, np.float32(1), np.int64(1), np.array(1.0)])
def test_numbers_of_any_kind(value):
    values = Objectives.parse({"a": "min"}).values({"a": value})
    assert values == (1.0,)
    assert type(values[0]) is float


@pytest.mark.parametrize("value", ["0.5", None, [0.5], {}])
def test_what_is_no_number(value):
    with pytest.raises(SearchError, match="'loss': expected a number"):
        Objectives.parse("loss").values({"loss": value})


def test_a_missing_metric_names_what_was_reported():
    with pytest.raises(
        SearchError, match=r"'loss' was not reported; reported: acc, los; did you mean 'los'"
    ):
        Objectives.parse("loss").values({"los": 1.0, "acc": 2.0})
    with pytest.raises(SearchError, match="reported: nothing"):
        Objectives.parse("loss").values({})
