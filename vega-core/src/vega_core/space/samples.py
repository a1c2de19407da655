"""Samples of a space, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vega_core.space.param_type import Mask
from vega_core.space.structure import Active, Columns, Structure


@final
class Samples(Mapping[str, NDArray[Any]]):
    """A number of configurations, one column a parameter.

    ``samples[name]`` is an array of shape ``(n, ...)``; where ``samples.active[name]`` is False,
    its entries mean nothing. Not to be changed in place.

    Attributes:
        size: The number ``n`` of configurations.
        codes: The columns in the form of their types (see ``ParamType``).
        active: Where each parameter is active, masks of shape ``(n,)``.
    """

    def __init__(self, structure: Structure, codes: Columns, size: int) -> None:
        self.structure = structure
        self.codes = codes
        self.size = size
        self.active: Active = structure.activity(codes, size)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.structure.types[name].values(self.codes[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.structure.types)

    def __len__(self) -> int:
        return len(self.structure.types)

    def __repr__(self) -> str:
        return f"Samples({self.size} of {len(self)} parameters)"

    def violations(self) -> Mask:
        """Returns which configurations have a forbidden combination."""
        return self.structure.violations(self.codes, self.active, self.size)

    def take(self, rows: NDArray[Any]) -> Samples:
        """Returns some of the configurations, by a mask or by indices."""
        codes = {name: column[rows] for name, column in self.codes.items()}
        size = int(rows.sum()) if rows.dtype == np.bool_ else len(rows)
        return Samples(self.structure, codes, size)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Returns the configurations as native values, without the inactive parameters."""
        varying = [name for name in self if self.structure.is_conditional(name)]
        fixed = [name for name in self if not self.structure.is_conditional(name)]
        columns = [self[name].tolist() for name in fixed]
        rows = [dict(zip(fixed, row)) for row in zip(*columns)]  # noqa: B905 - equal by make
        for name in varying:
            _insert(rows, name, self, self.active[name])
        return rows


def concatenate(parts: Sequence[Samples]) -> Samples:
    """Returns the configurations of several samples of one space, one after another."""
    codes = {name: np.concatenate([part.codes[name] for part in parts]) for name in parts[0].codes}
    return Samples(parts[0].structure, codes, sum(part.size for part in parts))


def _insert(rows: list[dict[str, Any]], name: str, samples: Samples, active: Mask) -> None:
    kind = samples.structure.types[name]
    values = kind.values(samples.codes[name][active]).tolist()
    for row, value in zip(np.flatnonzero(active).tolist(), values):  # noqa: B905
        rows[row][name] = value
