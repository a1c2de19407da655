"""What was tried and how good it was, in arrays that grow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vega_algos_hpo.density.columns import Columns, Rows
from vega_core.search import by_crowding, fronts


class History:
    """Configurations in the order of their results.

    Args:
        columns: The space.
        objectives: How many there are.

    Attributes:
        good: How many have not failed.
    """

    def __init__(self, columns: Columns, objectives: int) -> None:
        self._count = 0
        self.good = 0
        self._values = np.empty((0, objectives))
        self._rows = columns.rows([])

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> Rows:
        """All configurations."""
        return self._rows.first(self._count)

    def add(self, row: Rows, values: tuple[float, ...] | None) -> None:
        """Adds a configuration's row and result; None, of one that failed, is worse than all."""
        if self._count == len(self._values):
            self._grow()
        at, rows = self._count, self._rows
        rows.numbers[at], rows.present[at], rows.choices[at] = (
            row.numbers[0],
            row.present[0],
            row.choices[0],
        )
        self._values[at] = np.inf if values is None else values
        self._count += 1
        self.good += values is not None

    def best(self, count: int) -> npt.NDArray[np.intp]:
        """Returns the places of the best, by number; equal ones by arrival.

        Several objectives are ranked by non-dominated front, and the front that does not fit as a
        whole by crowding distance.
        """
        values = self._values[: self._count]
        if values.shape[1] == 1:
            bound = np.partition(values[:, 0], count - 1)[count - 1]
            sure = np.flatnonzero(values[:, 0] < bound)
            equal = np.flatnonzero(values[:, 0] == bound)[: count - len(sure)]
            return np.sort(np.concatenate([sure, equal]))
        found: list[int] = []
        for front in fronts(values):
            finite = np.isfinite(values[front]).all()
            order = by_crowding(values, front) if finite else front
            found += order[: count - len(found)].tolist()
            if len(found) == count:
                break
        return np.sort(np.array(found, dtype=np.intp))

    def _grow(self) -> None:
        size = max(64, 2 * self._count)

        def grown(array: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            longer = np.zeros((size, array.shape[1]))
            longer[: self._count] = array[: self._count]
            return longer

        rows = self._rows
        self._rows = Rows(grown(rows.numbers), grown(rows.present), grown(rows.choices))
        self._values = grown(self._values)
