"""Checks of an algorithm's parameters that read as a sentence when they fail."""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Integral, Real

from vega_core.errors import SearchError


def integer(name: str, value: object, minimum: int) -> int:
    """Returns ``value`` if it is an integer of at least ``minimum``.

    Args:
        name: What the message calls it, such as ``eta``.
        value: What the user gave.
        minimum: The least that makes sense.

    Raises:
        SearchError: It is something else.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise SearchError(f"{name}: expected an integer >= {minimum}, got {value!r}")
    return int(value)


def positive(name: str, value: object) -> float:
    """Returns ``value`` if it is a finite number above zero, an integral one as an ``int``.

    Raises:
        SearchError: It is something else.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    number = float(value) if is_number else math.nan  # type: ignore[arg-type]
    if not 0 < number < math.inf:
        raise SearchError(f"{name}: expected a finite number > 0, got {value!r}")
    return plain(exact(number))


def exact(value: float) -> Fraction:
    """Returns the decimal number that was written, so that 0.9 / 0.1 is 9."""
    return Fraction(repr(float(value)))


def plain(value: Fraction) -> float:
    """Returns an ``int`` for a whole number and a ``float`` for any other."""
    return int(value) if value.denominator == 1 else float(value)
