"""How wide kernels are."""

from __future__ import annotations

import numpy as np

from vega_algos_hpo.density.columns import Columns, Matrix, Rows

_FINEST = 100
"""No kernel is narrower than one in so many of a column's range."""
_OF_A_CELL = 0.4
"""Least deviation in cells: a Gaussian's peak over one cell is then its whole mass."""


def by_neighbours(columns: Columns, rows: Rows) -> Matrix:
    """Returns ``(k, p)``: the larger of the distances to a place's neighbours in its column.

    They are no narrower than one in k + 2 of the range, at most one in 100, and than the values of
    a column with few can tell. (Bergstra et al., 2011, section 4.1; the bound is the "magic clip"
    of Watanabe, 2023.)
    """
    cells = np.where(columns.cells > 0, 1 / np.maximum(columns.cells, 1), 0.0)
    narrowest = np.maximum(1 / min(_FINEST, len(rows) + 2), _OF_A_CELL * cells)
    return np.clip(_gaps(rows.numbers), narrowest, 1.0)


def _gaps(numbers: Matrix) -> Matrix:
    """Returns for each place the larger of the distances to its neighbours in its column."""
    if not len(numbers):
        return numbers
    # A column in a row, since sorting needs them together.
    columns = np.ascontiguousarray(numbers.T)
    order = np.argsort(columns, axis=1)
    steps = np.diff(np.take_along_axis(columns, order, axis=1), axis=1, prepend=0.0, append=1.0)
    if len(numbers) > 1:
        steps[:, 0] = steps[:, -1] = 0.0
    found = np.empty_like(columns)
    np.put_along_axis(found, order, np.maximum(steps[:, 1:], steps[:, :-1]), axis=1)
    turned: Matrix = found.T
    return turned
