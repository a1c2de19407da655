"""Masks of all or half of the channels: ``HalfArray``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vega_core.errors import SpaceError
from vega_core.space.param_type import CONTINUOUS, Axis, Codes, Mask, ParamType, Units
from vega_core.space.ranges import flat, integer, number
from vega_core.space.subsets import exchange, keys_of, largest, read_bits, subsets

_GROW = 0.1


@final
@dataclass(frozen=True)
class HalfArray(ParamType):
    """A list of bits that are all 1, or 1 in about half of the places, for pruning of channels.

    Half is the multiple of 16 nearest to ``length / 2`` (of two equally near the larger one)
    where that is less than ``length``, and else ``length // 2``, at least 1. All halves are
    equally likely. Codes are masks of shape ``(n, length)``; the first axis tells all from half.

    Attributes:
        length: The number of bits (``range: [length]``).
        prune_ratio: The probability of half, between 0 and 1.
    """

    length: int
    prune_ratio: float = 0.2

    def __post_init__(self) -> None:
        if not 0 < self.prune_ratio < 1:
            raise SpaceError(
                f"prune_ratio {self.prune_ratio} is not between 0 and 1", ("prune_ratio",)
            )

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> HalfArray:
        """Returns the type of a mapping with ``range`` and perhaps ``prune_ratio``."""
        sizes = [integer(size, least=1) for size in flat(item["range"])]
        if len(sizes) != 1:
            raise SpaceError(f"range must be [length], got {sizes!r}", ("range",))
        return cls(sizes[0], float(number(item.get("prune_ratio", 0.2), "prune_ratio")))

    @property
    def ones(self) -> int:
        """The number of ones of a half."""
        near = 16 * math.floor(self.length / 32 + 0.5)
        return near if 0 < near < self.length else max(1, self.length // 2)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (CONTINUOUS,) * (self.length + 1)

    @property
    def cardinality(self) -> int:
        return 1 if self.length == 1 else 1 + math.comb(self.length, self.ones)

    def decode(self, units: Units) -> Codes:
        full = units[0] < 1 - self.prune_ratio
        codes: Codes = largest(units[1:], self.ones) | full[:, None]
        return codes

    def encode(self, codes: Codes) -> Units:
        full = codes.all(axis=1)
        place = np.where(full, (1 - self.prune_ratio) / 2, 1 - self.prune_ratio / 2)
        return np.concatenate([place[None], keys_of(codes)])

    def values(self, codes: Codes) -> NDArray[Any]:
        return codes.astype(np.int64)

    def code(self, value: Any) -> NDArray[np.bool_]:
        mask = read_bits(value, self.length)
        if mask.sum() not in (self.ones, self.length):
            raise SpaceError(
                f"{list(value)!r} has {mask.sum()} ones, not {self.ones} or {self.length}"
            )
        return mask

    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        if self.length == 1:
            return codes
        full = np.equal(codes.sum(axis=1), self.length)
        moved: Mask = codes.copy()
        moved[full] = largest(rng.random((self.length, int(full.sum()))), self.ones)
        moved[~full] = exchange(codes[~full], rng)
        moved[~full & (rng.random(len(codes)) < _GROW)] = True
        return moved

    def grid(self, points: int | None) -> Codes:  # noqa: ARG002 - bits are not thinned out
        full = np.ones((1, self.length), dtype=np.bool_)
        return full if self.length == 1 else np.vstack([full, subsets(self.length, self.ones)])

    def grid_size(self, points: int | None) -> int:  # noqa: ARG002
        return self.cardinality

    def to_config(self) -> dict[str, Any]:
        return {"type": "HalfArray", "range": [self.length], "prune_ratio": self.prune_ratio}
