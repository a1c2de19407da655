"""Mixtures of kernels, one around each configuration."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vega_algos_hpo.density.columns import Columns, Matrix, Rows
from vega_algos_hpo.density.normal import log_mass

_ATTEMPTS = 8


class Parzen:
    """A mixture of one product kernel around each configuration, and a uniform one.

    Numbers have Gaussian kernels, cut to [0, 1]; categories those of Aitchison and Aitken
    (Biometrika 63, 1976), by which each other choice has an equal share of the bandwidth. A
    column that is inactive in a configuration is uniform in its kernel.

    Args:
        columns: The space.
        rows: The configurations, k of them.
        weights: ``(k + 1,)``, the last of the uniform kernel; they need not add up to one.
        bandwidths: ``(k, p)``, standard deviations.
        share: ``(c,)``, probability that a category is another than the kernel's.
    """

    def __init__(
        self, columns: Columns, rows: Rows, weights: Matrix, bandwidths: Matrix, share: Matrix
    ) -> None:
        self._columns, self._rows = columns, rows
        self._weights = weights / weights.sum()
        self._bandwidths, self._share = bandwidths, share
        sizes = columns.sizes
        # Of a category with one choice the kernel is 1 whatever the share.
        several = sizes > 1
        others = np.where(several, share / np.maximum(sizes - 1, 1), 1.0)
        same = np.where(several, 1 - share, 1.0)
        self._same, self._other = np.log(same) - np.log(others), np.log(others)
        self._log_sizes = np.log(sizes)

    def log_density(self, points: Rows) -> Matrix:
        """Returns the logarithm of the density at each point, ``(n,)``; inactive columns count 1.

        A density of categories is a probability.
        """
        rows, here = self._rows, points.present
        x, precision = points.numbers * here, rows.present / self._bandwidths**2
        mean, log_scale = rows.numbers, log_mass(rows.numbers, self._bandwidths)
        log_scale += np.log(self._bandwidths) + 0.5 * np.log(2 * np.pi)
        # Over the columns that are active in both: -(x - mean)**2 / (2 deviation**2) - log_scale.
        kernels: Matrix = x @ (mean * precision).T - (0.5 * x * x) @ precision.T
        kernels -= here @ (0.5 * mean * mean * precision + log_scale * rows.present).T
        kernels += self._of_categories(points)
        uniform = -_present(points, self._columns) @ self._log_sizes
        logs = np.concatenate([kernels, uniform[:, None]], axis=1)
        with np.errstate(divide="ignore"):
            logs += np.log(self._weights)
        top = logs.max(axis=1)
        summed: Matrix = top + np.log(np.exp(logs - top[:, None]).sum(axis=1))
        return summed

    def _of_categories(self, points: Rows) -> Matrix:
        if not len(self._columns.sizes):
            return np.zeros((len(points), len(self._rows)))
        per_choice = np.repeat(self._same, self._columns.sizes)
        here = _present(points, self._columns)
        there = _present(self._rows, self._columns)
        # Where the kernel has none, it is uniform.
        found: Matrix = (points.choices * per_choice) @ self._rows.choices.T
        found += (here * self._other) @ there.T
        found -= (here * self._log_sizes) @ (1 - there).T
        return found

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Matrix, npt.NDArray[np.intp]]:
        """Returns numbers ``(count, p)`` and categories ``(count, c)``, drawn from the mixture."""
        columns, rows = self._columns, self._rows
        kernel = rng.choice(len(self._weights), count, p=self._weights)
        uniform = kernel == len(rows)
        at = np.where(uniform, 0, kernel)
        numbers = rng.random((count, len(columns.cells)))
        chosen = (rng.random((count, len(columns.sizes))) * columns.sizes).astype(np.intp)
        if not len(rows):
            return numbers, chosen
        around = (rows.present[at] > 0) & ~uniform[:, None]
        numbers = np.where(around, self._near(rows.numbers[at], self._bandwidths[at], rng), numbers)
        for place, (start, size) in enumerate(zip(columns.starts, columns.sizes, strict=True)):
            own = rows.choices[at, start : start + size]
            of_kernel = own.any(axis=1) & ~uniform
            moved = rng.random(count) < self._share[place]
            step = 1 + (rng.random(count) * (size - 1)).astype(np.intp)
            mine = own.argmax(axis=1)
            near = np.where(moved, (mine + step) % size, mine)
            chosen[:, place] = np.where(of_kernel, near, chosen[:, place])
        return numbers, chosen

    def _near(self, centres: Matrix, deviations: Matrix, rng: np.random.Generator) -> Matrix:
        """Draws around centres, again where it is outside [0, 1]."""
        found = centres + deviations * rng.standard_normal(centres.shape)
        for _ in range(_ATTEMPTS):
            outside = (found < 0) | (found > 1)
            if not outside.any():
                break
            again = centres + deviations * rng.standard_normal(centres.shape)
            found = np.where(outside, again, found)
        clipped: Matrix = np.clip(found, 0, 1)
        return clipped


def _present(rows: Rows, columns: Columns) -> Matrix:
    """Returns which categories are active, ``(n, c)``."""
    if not len(columns.sizes):
        return np.zeros((len(rows), 0))
    found: Matrix = np.add.reduceat(rows.choices, columns.starts, axis=1)
    return found
