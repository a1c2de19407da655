"""Arithmetic on sizes of which some are multiples of the batch size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.shapes import Shape


@dataclass(frozen=True)
class Size:
    """``times * N + plus``, where N is the batch size.

    Attributes:
        times: How often the batch; not 0, for that is a number.
        plus: What is added.
    """

    times: int
    plus: int = 0

    def __add__(self, other: Whole) -> Whole:
        times, plus = _parts(other)
        return size(self.times + times, self.plus + plus)

    __radd__ = __add__

    def __neg__(self) -> Whole:
        return size(-self.times, -self.plus)

    def __sub__(self, other: Whole) -> Whole:
        return self + -other

    def __rsub__(self, other: Whole) -> Whole:
        return -self + other

    def __mul__(self, other: Whole) -> Whole:
        if isinstance(other, Size):
            raise ModelError("the batch size is multiplied by itself")
        return size(self.times * other, self.plus * other)

    __rmul__ = __mul__

    def __floordiv__(self, other: Whole) -> Whole:
        if isinstance(other, Size):
            share = self.times // other.times
            if other * share == self:
                return share
        elif other and self.times % other == self.plus % other == 0:
            return size(self.times // other, self.plus // other)
        raise ModelError(f"{self} cannot be divided by {other}")

    def __str__(self) -> str:
        batch = "N" if self.times == 1 else f"{self.times}N"
        return f"{batch}{self.plus:+d}" if self.plus else batch


Whole: TypeAlias = int | Size
"""A size: a number, or one with the batch in it."""


def size(times: int, plus: int) -> Whole:
    """Returns ``times * N + plus``."""
    return Size(times, plus) if times else plus


def sizes_of(shape: Sequence[int]) -> list[Whole]:
    """Returns a symbolic shape as sizes: -4 is 4N."""
    return [d if d >= 0 else Size(-d) for d in shape]


def shape_of(sizes: Iterable[Whole]) -> Shape:
    """Returns sizes as a symbolic shape.

    Raises:
        ModelError: One is negative, or a batch and something.
    """
    shape = []
    for one in sizes:
        times, plus = _parts(one)
        if times < 0 or plus < 0 or (times and plus):
            raise ModelError(f"{one} is no size of an axis")
        shape.append(-times or plus)
    return tuple(shape)


def symbolic(values: Sequence[Whole] | Whole) -> Array:
    """Returns sizes as an array of objects, which NumPy moves about."""
    return np.array(values, object)


def parts_of(array: Array) -> tuple[Array, Array]:
    """Returns how often the batch is in each size, and what is added."""
    pairs = [_parts(one) for one in array.ravel()]
    columns = np.array(pairs, np.int64).reshape(-1, 2)
    return columns[:, 0].reshape(array.shape), columns[:, 1].reshape(array.shape)


def divided(a: Any, b: Any) -> Whole:
    """Returns a quotient cut towards zero, as ONNX's Div of integers."""
    if isinstance(a, Size) or isinstance(b, Size):
        return a // b  # type: ignore[no-any-return]
    return int(abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1)


def _parts(one: Whole) -> tuple[int, int]:
    return (one.times, one.plus) if isinstance(one, Size) else (0, one)
