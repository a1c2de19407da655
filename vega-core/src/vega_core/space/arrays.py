"""Arrays of integers: ``IntArray`` and ``MultiPositionArray``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vega_core.errors import SpaceError
from vega_core.space.numeric import Integer
from vega_core.space.param_type import CONTINUOUS, Axis, Codes, ParamType, Units
from vega_core.space.ranges import flat, integer, interval, listed
from vega_core.space.subsets import exchange, keys_of, largest, subsets

_RANGE = ("range",)


@final
@dataclass(frozen=True)
class IntArray(ParamType):
    """A list of integers, each position drawn uniformly from a range of its own.

    In a configuration ``range`` is a list of pairs, or one pair beside ``length``. Codes are
    the values, of shape ``(n, length)``.

    Attributes:
        items: The type of each position.
        points: Grid points of a position (``slice`` in a configuration).
    """

    items: tuple[Integer, ...]
    points: int | None = None

    def __post_init__(self) -> None:
        if not self.items:
            raise SpaceError("range is empty", _RANGE)

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> IntArray:
        """Returns the type of a mapping with ``range`` and perhaps ``length`` and ``slice``."""
        pairs = listed(item["range"])
        if not isinstance(pairs[0], list):
            pairs = [pairs]
        length = integer(item.get("length", len(pairs)), least=1, name="length")
        if len(pairs) == 1:
            pairs = pairs * length
        if len(pairs) != length:
            raise SpaceError(
                f"range has {len(pairs)} pairs, but length is {length}; leave length out", _RANGE
            )
        ends = [tuple(integer(end) for end in interval(pair)) for pair in pairs]
        points = integer(item["slice"], least=1, name="slice") if "slice" in item else None
        return cls(tuple(Integer(low, high) for low, high in ends), points)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return tuple(axis for item in self.items for axis in item.axes)

    @property
    def cardinality(self) -> int:
        return math.prod(item.cardinality for item in self.items)

    def decode(self, units: Units) -> Codes:
        columns = [item.decode(units[i : i + 1]) for i, item in enumerate(self.items)]
        return np.stack(columns, axis=1)

    def encode(self, codes: Codes) -> Units:
        rows = [item.encode(codes[:, i]) for i, item in enumerate(self.items)]
        return np.concatenate(rows)

    def values(self, codes: Codes) -> NDArray[Any]:
        return codes

    def code(self, value: Any) -> NDArray[np.int64]:
        cells = read_list(value, len(self.items))
        return np.array([item.code(cell) for item, cell in zip(self.items, cells, strict=True)])

    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        free = [i for i, item in enumerate(self.items) if item.cardinality > 1]
        moved: Codes = codes.copy()
        chosen = rng.integers(len(free), size=len(codes)) if free else None
        for which, position in enumerate(free):
            rows = chosen == which
            moved[rows, position] = self.items[position].step(codes[rows, position], rng)
        return moved

    def grid(self, points: int | None) -> Codes:
        rows = itertools.product(*(item.grid(self.points or points) for item in self.items))
        return np.array(list(rows))

    def grid_size(self, points: int | None) -> int:
        return math.prod(item.grid_size(self.points or points) for item in self.items)

    def to_config(self) -> dict[str, Any]:
        item: dict[str, Any] = {
            "type": "IntArray",
            "range": [[item.low, item.high] for item in self.items],
        }
        return item if self.points is None else {**item, "slice": self.points}


@final
@dataclass(frozen=True)
class MultiPositionArray(ParamType):
    """A list that starts from one value and is multiplied at some positions.

    ``times`` different positions are drawn, every set of them equally likely. From each of them
    on the value is multiplied by ``factor``: 64, 3 times, by 2, may give
    ``[64, 64, 128, 128, 256, 512, 512, 512]``. Codes are masks of the positions, of shape
    ``(n, length)``.

    Attributes:
        initial: The value before the first position that was drawn (``range: [initial]``).
        length: The number of values.
        times: The number of positions drawn.
        factor: What the value is multiplied by (``n`` in a configuration), at least 2.
    """

    initial: int
    length: int
    times: int
    factor: int

    def __post_init__(self) -> None:
        if self.times > self.length:
            raise SpaceError(
                f"times is {self.times}, more than the length {self.length}", ("times",)
            )
        if self.initial * self.factor**self.times > 2**53:
            raise SpaceError(f"{self.initial} * {self.factor}**{self.times} is too large", ("n",))

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> MultiPositionArray:
        """Returns the type of a mapping with ``range``, ``length``, ``times`` and ``n``."""
        ends = flat(item["range"])
        if len(ends) != 1:
            raise SpaceError(f"range must be [initial value], got {ends!r}", _RANGE)
        return cls(
            integer(ends[0], least=1),
            integer(item["length"], least=1, name="length"),
            integer(item["times"], least=0, name="times"),
            integer(item["n"], least=2, name="n"),
        )

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (CONTINUOUS,) * self.length

    @property
    def cardinality(self) -> int:
        return math.comb(self.length, self.times)

    @cached_property
    def _levels(self) -> NDArray[np.int64]:
        return np.array([self.initial * self.factor**k for k in range(self.times + 1)])

    def decode(self, units: Units) -> Codes:
        return largest(units, self.times)

    def encode(self, codes: Codes) -> Units:
        return keys_of(codes)

    def values(self, codes: Codes) -> NDArray[Any]:
        values: NDArray[Any] = self._levels[np.cumsum(codes, axis=1)]
        return values

    def code(self, value: Any) -> NDArray[np.bool_]:
        array = np.array([integer(cell) for cell in read_list(value, self.length)])
        before = np.concatenate([[self.initial], array[:-1]])
        mask: NDArray[np.bool_] = array != before
        if mask.sum() == self.times and np.array_equal(self.values(mask[None])[0], array):
            return mask
        raise SpaceError(
            f"{list(value)!r} is not {self.initial} multiplied by {self.factor} "
            f"at {self.times} positions"
        )

    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        return exchange(codes, rng)

    def grid(self, points: int | None) -> Codes:  # noqa: ARG002 - all sets of positions
        return subsets(self.length, self.times)

    def grid_size(self, points: int | None) -> int:  # noqa: ARG002
        return self.cardinality

    def to_config(self) -> dict[str, Any]:
        return {
            "type": "MultiPositionArray",
            "range": [self.initial],
            "length": self.length,
            "times": self.times,
            "n": self.factor,
        }


def read_list(value: Any, length: int) -> list[Any]:
    """Returns a value that must be a list of a certain length."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        raise SpaceError(f"{value!r} is not a list of {length}")
    if len(value) != length:
        raise SpaceError(f"{list(value)!r} has {len(value)} values, not {length}")
    return list(value)
