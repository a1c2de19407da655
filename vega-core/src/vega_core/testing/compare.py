"""Comparisons of arrays that cannot pass on nothing: each says where, which element and how far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vega_core.arrays import Array
from vega_core.nn.shapes import show


@dataclass(frozen=True)
class Tolerance:
    """How far a result may be from what is expected.

    Attributes:
        relative: Share of the expected element.
        absolute: Share of the largest expected element, taken as 0.1 where that is less.
    """

    relative: float = 1e-4
    absolute: float = 1e-5

    def limit(self, expected: Array) -> Array:
        """Returns how far each element may be off."""
        size = np.abs(expected)
        largest = max(float(size.max(initial=0.0)), 0.1)
        return np.asarray(self.relative * size + self.absolute * largest)


def require(holds: bool, message: str) -> None:
    """Raises an AssertionError with the message unless the condition holds."""
    if not holds:
        raise AssertionError(message)


def check_close(actual: Array, expected: Array, tolerance: Tolerance, where: str) -> None:
    """Holds an array against the expected one: its shape, and every element.

    Numbers must be within the tolerance; whole numbers, truths and what is not finite, equal.
    """
    actual, expected = np.asarray(actual), np.asarray(expected)
    require(
        actual.shape == expected.shape,
        f"{where}: the shape is {show(actual.shape)} instead of {show(expected.shape)}",
    )
    if expected.dtype.kind != "f":
        wrong = actual != expected
    else:
        actual, expected = actual.astype(np.float64), expected.astype(np.float64)
        finite = np.isfinite(expected) & np.isfinite(actual)
        off = np.abs(np.where(finite, actual, 0) - np.where(finite, expected, 0))
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        wrong = np.where(finite, off > tolerance.limit(np.where(finite, expected, 0)), ~same)
    if wrong.any():
        raise AssertionError(f"{where}: {_worst(actual, expected, wrong)}")


def check_all_close(
    actual: Mapping[str, Array], expected: Mapping[str, Array], tolerance: Tolerance, where: str
) -> None:
    """Holds named arrays against the expected ones: the same names, and every array."""
    require(
        set(actual) == set(expected),
        f"{where}: {sorted(actual)} instead of {sorted(expected)}",
    )
    for name, array in expected.items():
        check_close(actual[name], array, tolerance, f"{where}, {name!r}")


def check_varies(array: Array, where: str, least: float = 1e-4) -> None:
    """Checks that not all samples (rows of the first axis) are the same.

    A network whose units are all dead gives the same for every input, and agrees with anything.

    Args:
        array: The outputs, (N, ...).
        where: For messages.
        least: Share of the largest element that samples must be apart.
    """
    values = np.asarray(array)
    require(
        values.ndim > 0 and len(values) > 1, f"{where}: fewer than two samples, nothing can vary"
    )
    values = values.astype(np.float64)
    size = float(np.abs(values).max(initial=0.0))
    spread = float(np.ptp(values, axis=0).max(initial=0.0))
    require(spread > least * size, f"{where}: all samples give the same, so nothing is compared")


def check_differs(one: Array, other: Array, where: str) -> None:
    """Checks that two arrays are not equal."""
    require(not np.array_equal(one, other), f"{where}: nothing changed")


def check_same_bytes(
    actual: Mapping[str, Array], expected: Mapping[str, Array], where: str
) -> None:
    """Checks that named arrays are equal to the last bit, in type and shape too."""
    require(
        set(actual) == set(expected),
        f"{where}: {sorted(actual)} instead of {sorted(expected)}",
    )
    for name, array in expected.items():
        other = actual[name]
        require(
            (array.dtype, array.shape, array.tobytes())
            == (other.dtype, other.shape, other.tobytes()),
            f"{where}: {name!r} is not the same to the last bit",
        )


def check_gradient(
    loss: Callable[[Array], float],
    at: Array,
    actual: Array,
    tolerance: Tolerance,
    where: str,
    *,
    elements: int = 24,
) -> float:
    """Holds a gradient against central differences of the loss.

    Some elements are looked at one by one, the others in one sum with random signs.

    Args:
        loss: The loss of an array like ``at``; in float64.
        at: Where the gradient is of.
        actual: The gradient.
        tolerance: How far it may be off.
        where: For messages.
        elements: How many elements to look at one by one.

    Returns:
        The largest slope; where it is 0 the comparison says little.
    """
    require(
        actual.shape == at.shape,
        f"{where}: the gradient is {show(actual.shape)} instead of {show(at.shape)}",
    )
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.permutation(at.size)[:elements])
    slopes = np.asarray([_slope(loss, at, _unit(at, index)) for index in chosen])
    signs = rng.choice([-1.0, 1.0], at.shape)
    total = _slope(loss, at, signs)
    check_close(actual.reshape(-1)[chosen], slopes, tolerance, where)
    flow = np.asarray([float(np.sum(actual.astype(np.float64) * signs)), np.abs(actual).sum()])
    check_close(flow, np.asarray([total, flow[1]]), tolerance, f"{where}, with random signs")
    return float(np.abs(slopes).max(initial=abs(total)))


def _slope(
    loss: Callable[[Array], float], at: Array, direction: Array, step: float = 1e-5
) -> float:
    ahead, behind = loss(at + step * direction), loss(at - step * direction)
    return (ahead - behind) / (2 * step)


def _unit(like: Array, index: Any) -> Array:
    unit = np.zeros(like.size)
    unit[index] = 1.0
    return unit.reshape(like.shape)


def _worst(actual: Array, expected: Array, wrong: Array) -> str:
    with np.errstate(invalid="ignore"):
        apart = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
    apart = np.where(wrong, apart, -1.0)
    apart = np.where(np.isnan(apart), np.inf, apart)
    place = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return (
        f"{int(wrong.sum())} of {wrong.size} elements are wrong, the worst at "
        f"{tuple(int(i) for i in place)}: {actual[place]} instead of {expected[place]}"
    )
