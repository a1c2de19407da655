"""Each comparison passes on what is right and fails on what is not."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core.errors import DataError, ModelError
from vega_core.testing import Tolerance
from vega_core.testing.compare import (
    check_all_close,
    check_close,
    check_differs,
    check_gradient,
    check_same_bytes,
    check_varies,
)
from vega_core.testing.refusing import refused

NEAR = Tolerance()
RNG = np.random.default_rng(0)
VALUES = RNG.standard_normal((4, 5))


def test_what_is_close_passes():
    check_close(VALUES.astype(np.float32), VALUES, NEAR, "x")
    check_close(VALUES * (1 + 1e-5), VALUES, NEAR, "x")
    check_close(np.zeros(3), np.zeros(3), NEAR, "x")
    check_close(np.array([np.nan, np.inf, 1]), np.array([np.nan, np.inf, 1.0]), NEAR, "x")
    check_close(np.array([True, False]), np.array([True, False]), NEAR, "x")


@pytest.mark.parametrize("size", [1e-2, 1.0, 1e3])
def test_a_thousandth_is_too_far(size):
    with pytest.raises(AssertionError, match=r"x: \d+ of 20 elements are wrong, the worst at \("):
        check_close(VALUES * size * 1.001, VALUES * size, NEAR, "x")


@pytest.mark.parametrize("place", [0, 7, 19])
def test_one_element_is_found(place):
    wrong = VALUES.copy()
    wrong.flat[place] += 1e-3
    index = tuple(int(i) for i in np.unravel_index(place, VALUES.shape))
    with pytest.raises(AssertionError, match="1 of 20") as caught:
        check_close(wrong, VALUES, NEAR, "x")
    assert str(index) in str(caught.value)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (VALUES[:3], VALUES),
        (VALUES[..., None], VALUES),
        (np.array([1, 2]), np.array([1, 3])),
        (np.array([True, True]), np.array([True, False])),
        (np.array([np.nan, 1.0]), np.array([0.0, 1.0])),
        (np.array([0.0, 1.0]), np.array([np.nan, 1.0])),
        (np.array([np.inf]), np.array([-np.inf])),
        (np.full(3, np.nan), np.zeros(3)),
    ],
)
def test_shapes_integers_truths_and_what_is_not_finite(actual, expected):
    with pytest.raises(AssertionError, match="x: "):
        check_close(actual, expected, NEAR, "x")


def test_names_are_compared_too():
    check_all_close({"a": VALUES}, {"a": VALUES}, NEAR, "x")
    for other in ({}, {"b": VALUES}, {"a": VALUES, "b": VALUES}, {"a": VALUES * 1.001}):
        with pytest.raises(AssertionError):
            check_all_close(other, {"a": VALUES}, NEAR, "x")
        with pytest.raises(AssertionError):
            check_same_bytes(other, {"a": VALUES}, "x")


def test_outputs_must_vary_over_the_batch():
    check_varies(VALUES, "x")
    check_varies(np.array([1, 2]), "x")
    check_varies(np.array([True, False]), "x")
    dead = np.maximum(np.tile(VALUES[:1], (4, 1)), 0)
    for constant in (dead, np.zeros((3, 2)), np.full((2, 2), 5), VALUES[:1], np.float64(3)):
        with pytest.raises(AssertionError, match="nothing"):
            check_varies(constant, "x")
    with pytest.raises(AssertionError, match="all samples give the same"):
        check_varies(dead + 1e-9 * VALUES, "x")


def test_one_bit_is_a_difference():
    array = VALUES.astype(np.float32)
    check_same_bytes({"a": array}, {"a": array.copy()}, "x")
    moved = array.copy()
    moved.view(np.uint8)[3, 2] ^= 1
    for other in (moved, array.astype(np.float64), array.reshape(5, 4)):
        with pytest.raises(AssertionError, match="'a' is not the same to the last bit"):
            check_same_bytes({"a": other}, {"a": array}, "x")
    with pytest.raises(AssertionError):
        check_same_bytes({"a": np.array([0.0])}, {"a": np.array([-0.0])}, "x")
    check_differs(moved, array, "x")
    with pytest.raises(AssertionError, match="nothing changed"):
        check_differs(array, array.copy(), "x")


def cubes(x):
    return float((x**3).sum())


@pytest.mark.parametrize("shape", [(), (3,), (6, 7), (40, 5)])
def test_gradients(shape):
    at = RNG.uniform(0.5, 1.5, shape)
    slope = check_gradient(cubes, at, 3 * at**2, NEAR, "x")
    assert slope > 0.5
    with pytest.raises(AssertionError, match="elements are wrong"):
        check_gradient(cubes, at, 3 * at**2 * 1.001, NEAR, "x")
    with pytest.raises(AssertionError):
        check_gradient(cubes, at, -3 * at**2, NEAR, "x")
    with pytest.raises(AssertionError, match="the gradient is"):
        check_gradient(cubes, at, np.zeros((*shape, 2)), NEAR, "x")


def test_a_wrong_element_among_many_is_found():
    """Those that are not looked at one by one are in the sum with random signs."""
    at = RNG.uniform(0.5, 1.5, 400)
    for place in range(0, 400, 23):
        wrong = 3 * at**2
        wrong[place] = 0
        with pytest.raises(AssertionError):
            check_gradient(cubes, at, wrong, NEAR, "x")


def test_a_flat_loss_says_so():
    assert check_gradient(lambda x: 1.0, VALUES, np.zeros_like(VALUES), NEAR, "x") == 0


def raising(error):
    raise error


def test_refusals():
    refused(ModelError, "it", raising, ModelError("no 'a' here"), named="'a'")
    with pytest.raises(AssertionError, match="it is accepted; it must raise a ModelError"):
        refused(ModelError, "it", int)
    with pytest.raises(AssertionError, match="instead of a ModelError"):
        refused(ModelError, "it", raising, DataError("no"))
    with pytest.raises(AssertionError, match="does not name 'b'"):
        refused(ModelError, "it", raising, ModelError("no 'a' here"), named="b")
