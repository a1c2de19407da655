"""Choices of a supernet as a matrix: ``BinaryArray``."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vega_core.errors import SpaceError
from vega_core.space.param_type import Axis, Codes, ParamType, Units
from vega_core.space.ranges import flat, integer, plain
from vega_core.space.subsets import read_bits
from vega_core.space.units import another, cells, centres


@final
@dataclass(frozen=True)
class BinaryArray(ParamType):
    """A binary matrix with exactly one 1 in each row, its column uniform: a supernet's choices.

    Codes are the columns of the ones, of shape ``(n, rows)``; values have shape
    ``(n, rows, columns)``.

    Attributes:
        rows: The number of rows.
        columns: The number of columns.
    """

    rows: int
    columns: int

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> BinaryArray:
        """Returns the type of a mapping with ``range: [rows, columns]``."""
        sizes = [integer(size, least=1) for size in flat(item["range"])]
        if len(sizes) != 2:
            raise SpaceError(f"range must be [rows, columns], got {sizes!r}", ("range",))
        return cls(*sizes)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (Axis("categorical", self.columns),) * self.rows

    @property
    def cardinality(self) -> int:
        return int(self.columns**self.rows)

    def decode(self, units: Units) -> Codes:
        return np.ascontiguousarray(cells(units, self.columns).T)

    def encode(self, codes: Codes) -> Units:
        return centres(codes.T, self.columns)

    def values(self, codes: Codes) -> NDArray[Any]:
        return np.equal(codes[..., None], np.arange(self.columns)).astype(np.int64)

    def code(self, value: Any) -> NDArray[np.int64]:
        matrix = np.array(plain(value, ()), dtype=object)
        if matrix.shape != (self.rows, self.columns):
            raise SpaceError(f"{value!r} is not a matrix of {self.rows} x {self.columns}")
        ones = np.stack([read_bits(row.tolist(), self.columns) for row in matrix])
        if (ones.sum(axis=1) != 1).any():
            raise SpaceError(f"{value!r} has not exactly one 1 in each row")
        code: NDArray[np.int64] = ones.argmax(axis=1)
        return code

    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        rows = np.arange(len(codes))
        row = rng.integers(self.rows, size=len(codes))
        moved: Codes = codes.copy()
        moved[rows, row] = another(codes[rows, row], self.columns, rng)
        return moved

    def grid(self, points: int | None) -> Codes:  # noqa: ARG002 - choices are not thinned out
        return np.array(list(itertools.product(range(self.columns), repeat=self.rows)))

    def grid_size(self, points: int | None) -> int:  # noqa: ARG002
        return self.cardinality

    def to_config(self) -> dict[str, Any]:
        return {"type": "BinaryArray", "range": [self.rows, self.columns]}
