"""Lists of bits: ``BINARY_CODE``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vega_core.errors import SpaceError
from vega_core.space.param_type import CONTINUOUS, Axis, Codes, ParamType, Units
from vega_core.space.ranges import flat, integer
from vega_core.space.subsets import exchange, keys_of, largest, read_bits, subsets

_LEAST, _MOST = 0.8, 0.95
_RANGE = ("range",)


def read_code(item: Mapping[str, Any]) -> ParamType:
    """Returns the type of ``range: [length]`` or ``range: [length, ones]``."""
    sizes = [integer(size) for size in flat(item["range"])]
    if len(sizes) > 2:
        raise SpaceError(f"range must be [length] or [length, ones], got {sizes!r}", _RANGE)
    integer(sizes[0], least=1)
    return (
        BinaryCode(sizes[0])
        if len(sizes) == 1
        else BinaryChoice(sizes[0], integer(sizes[1], least=0))
    )


@final
@dataclass(frozen=True)
class BinaryCode(ParamType):
    """A list of bits that are 1 with one probability, drawn for each list from [0.8, 0.95].

    Codes are masks of shape ``(n, length)``. The first axis places the probability, the others
    a threshold for each bit.

    Attributes:
        length: The number of bits (``range: [length]``).
    """

    length: int

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (CONTINUOUS,) * (self.length + 1)

    @property
    def cardinality(self) -> int:
        return int(2**self.length)

    def decode(self, units: Units) -> Codes:
        probability = _LEAST + (_MOST - _LEAST) * units[0]
        return np.ascontiguousarray((units[1:] < probability).T)

    def encode(self, codes: Codes) -> Units:
        middle = (_LEAST + _MOST) / 2
        bits = np.where(codes.T, middle / 2, (1 + middle) / 2)
        return np.concatenate([np.full((1, len(codes)), 0.5), bits])

    def values(self, codes: Codes) -> NDArray[Any]:
        return codes.astype(np.int64)

    def code(self, value: Any) -> NDArray[np.bool_]:
        return read_bits(value, self.length)

    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        flip = rng.integers(self.length, size=len(codes))
        moved: Codes = codes ^ (np.arange(self.length) == flip[:, None])
        return moved

    def grid(self, points: int | None) -> Codes:  # noqa: ARG002 - bits are not thinned out
        return np.array(list(itertools.product((False, True), repeat=self.length)))

    def grid_size(self, points: int | None) -> int:  # noqa: ARG002
        return self.cardinality

    def to_config(self) -> dict[str, Any]:
        return {"type": "BINARY_CODE", "range": [self.length]}


@final
@dataclass(frozen=True)
class BinaryChoice(ParamType):
    """A list of bits of which exactly ``ones`` are 1, every such list equally likely.

    Attributes:
        length: The number of bits (``range: [length, ones]`` of ``BINARY_CODE``).
        ones: The number of ones.
    """

    length: int
    ones: int

    def __post_init__(self) -> None:
        if self.ones > self.length:
            raise SpaceError(f"range asks for {self.ones} ones in {self.length} bits", _RANGE)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (CONTINUOUS,) * self.length

    @property
    def cardinality(self) -> int:
        return math.comb(self.length, self.ones)

    def decode(self, units: Units) -> Codes:
        return largest(units, self.ones)

    def encode(self, codes: Codes) -> Units:
        return keys_of(codes)

    def values(self, codes: Codes) -> NDArray[Any]:
        return codes.astype(np.int64)

    def code(self, value: Any) -> NDArray[np.bool_]:
        mask = read_bits(value, self.length)
        if mask.sum() != self.ones:
            raise SpaceError(f"{list(value)!r} has {mask.sum()} ones, not {self.ones}")
        return mask

    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        return exchange(codes, rng)

    def grid(self, points: int | None) -> Codes:  # noqa: ARG002 - all subsets
        return subsets(self.length, self.ones)

    def grid_size(self, points: int | None) -> int:  # noqa: ARG002
        return self.cardinality

    def to_config(self) -> dict[str, Any]:
        return {"type": "BINARY_CODE", "range": [self.length, self.ones]}
