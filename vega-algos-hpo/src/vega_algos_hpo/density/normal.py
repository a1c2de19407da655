"""The normal distribution, without SciPy."""

from __future__ import annotations

import numpy as np

from vega_algos_hpo.density.columns import Matrix

# Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: off by at most 1.5e-7.
_P = 0.3275911
_TERMS = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
_FAR = 6
"""Standard deviations from which an end of the interval does not count."""


def erf(x: Matrix) -> Matrix:
    """Returns the error function, to 1.5e-7."""
    size = np.abs(x)
    t = 1 / (1 + _P * size)
    sums = np.zeros_like(t)
    for term in _TERMS:
        sums = (sums + term) * t
    found: Matrix = np.copysign(1 - sums * np.exp(-size * size), x)
    return found


def log_mass(mean: Matrix, deviation: Matrix) -> Matrix:
    """Returns the logarithm of the share of normal distributions that lies in [0, 1].

    Args:
        mean: In [0, 1].
        deviation: Of the same shape.
    """
    found = np.zeros_like(mean)
    # Farther from both ends it is 1 to nine digits.
    near = np.minimum(mean, 1 - mean) < _FAR * deviation
    mean, scale = mean[near], 1 / (np.sqrt(2) * deviation[near])
    found[near] = np.log(0.5 * (erf((1 - mean) * scale) + erf(mean * scale)))
    return found
