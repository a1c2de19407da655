"""A comparison passes on what is near, and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core.exchange.comparison import DisagreementError, compare

RIGHT = np.random.default_rng(0).standard_normal((4, 3)).astype("float32")


def against(given, expected=RIGHT, **options):
    return compare({"y": np.asarray(given)}, {"y": np.asarray(expected)}, varying=["y"], **options)


def test_what_is_near_agrees_and_says_how_near():
    result = against(RIGHT * np.float32(1 + 1e-6))
    assert 0 < result.error < 2e-6
    assert result.constant == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (RIGHT * 1.01, "differs from the model's by 0.01"),
        (RIGHT[:3], r"of shape \(3, 3\)"),
        (RIGHT[::-1], "differs"),
        (np.full_like(RIGHT, np.nan), "differs"),
        (np.where(RIGHT > 0, RIGHT, np.nan), "differs"),
        (np.where(RIGHT > 0, RIGHT, np.inf), "differs"),
    ],
)
def test_what_is_far_is_refused(given, message):
    with pytest.raises(DisagreementError, match=message):
        against(given)


def test_infinite_elements_must_be_in_the_same_places():
    expected = RIGHT.copy()
    expected[0, 0], expected[1, 1], expected[2, 2] = np.inf, -np.inf, np.nan
    assert against(expected, expected).error == 0
    for place, value in (((0, 0), 1.0), ((1, 1), np.inf), ((2, 2), 0.0)):
        wrong = expected.copy()
        wrong[place] = value
        with pytest.raises(DisagreementError, match="infinite or NaN in other places"):
            against(wrong, expected)


def test_whole_numbers_must_be_equal():
    numbers = np.arange(12).reshape(4, 3)
    assert against(numbers, numbers).error == 0
    with pytest.raises(DisagreementError, match="1 of 12 elements"):
        against(np.where(numbers == 5, 6, numbers), numbers)


@pytest.mark.parametrize("value", [0.0, 3.0, np.nan])
def test_a_network_that_gives_one_thing_shows_nothing(value):
    constant = np.full((4, 3), value, "float32")
    with pytest.raises(DisagreementError, match="the check shows nothing: y is the same"):
        against(constant, constant)


def test_less_than_the_accepted_error_is_no_variation():
    nearly = 1 + 1e-6 * RIGHT
    with pytest.raises(DisagreementError, match="shows nothing"):
        against(nearly, nearly)


def test_one_output_that_varies_is_enough_and_the_others_are_named():
    arrays = {"y": RIGHT, "anchors": np.ones((4, 2), "float32"), "flags": np.array([True] * 4)}
    result = compare(arrays, arrays, varying=list(arrays))
    assert result.constant == ("anchors", "flags")


def test_an_output_that_the_model_does_not_give_is_refused():
    with pytest.raises(DisagreementError, match="gives no output 'z'"):
        compare({"z": RIGHT}, {"y": RIGHT}, varying=["z"])
