"""Configurations as rows in which kernels are products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vega_core.space import SearchSpace
from vega_core.space.samples import Samples

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Places of configurations.

    Attributes:
        numbers: ``(n, p)`` in [0, 1], of columns with an order; 0.5 where inactive.
        present: ``(n, p)``, 1 where such a column is active and 0 where not.
        choices: ``(n, q)``, one column a choice of each category: 1 for the chosen one; all 0 where
            the category is inactive.
    """

    numbers: Matrix
    present: Matrix
    choices: Matrix

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, places: npt.NDArray[np.intp]) -> Rows:
        """Returns a copy of some of the rows."""
        return Rows(*(part.take(places, axis=0) for part in self._parts))

    def first(self, count: int) -> Rows:
        """Returns a view of the first rows."""
        return Rows(*(part[:count] for part in self._parts))

    @property
    def _parts(self) -> tuple[Matrix, Matrix, Matrix]:
        return self.numbers, self.present, self.choices


def joined(parts: Sequence[Rows]) -> Rows:
    """Returns the rows of all parts, one part below the other."""
    if len(parts) == 1:
        return parts[0]
    return Rows(
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.present for part in parts]),
        np.concatenate([part.choices for part in parts]),
    )


class Columns:
    """How a space's configurations lie in rows.

    Args:
        space: The space.

    Attributes:
        cells: ``(p,)``, cells of each column with an order; 0 of a continuous one.
        sizes: Choices of each category.
        starts: First column of each category among the choices.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        kinds = [one.kind for one in space.dimensions]
        self._ordered = np.array([i for i, kind in enumerate(kinds) if kind != "categorical"], int)
        self._named = np.array([i for i, kind in enumerate(kinds) if kind == "categorical"], int)
        counts = [one.choices for one in space.dimensions]
        self.cells = np.array([counts[i] for i in self._ordered], dtype=np.float64)
        self.sizes = np.array([counts[i] for i in self._named], dtype=np.intp)
        self.starts = np.cumsum(self.sizes) - self.sizes

    @property
    def width(self) -> int:
        """Columns of a place in the unit cube."""
        return len(self._space.dimensions)

    def rows(self, samples: Samples | Sequence[dict[str, object]]) -> Rows:
        """Returns configurations as rows."""
        places, mask = self._space.encode(samples)
        n = len(places)
        choices = np.zeros((n, int(self.sizes.sum())))
        chosen = np.minimum((places[:, self._named] * self.sizes).astype(np.intp), self.sizes - 1)
        row, column = np.nonzero(mask[:, self._named])
        choices[row, (chosen + self.starts)[row, column]] = 1.0
        present = mask[:, self._ordered].astype(np.float64)
        return Rows(places[:, self._ordered], present, choices)

    def samples(self, numbers: Matrix, chosen: npt.NDArray[np.intp]) -> Samples:
        """Returns the configurations at numbers ``(n, p)`` and chosen categories ``(n, c)``."""
        places = np.empty((len(numbers), self.width))
        places[:, self._ordered] = numbers
        places[:, self._named] = (chosen + 0.5) / self.sizes
        return self._space.decode(places)
