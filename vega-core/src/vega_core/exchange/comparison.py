"""Whether an exported model computes what the model computes, and whether that was shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import VegaError
from vega_core.exchange.model import Arrays

TOLERANCE: Final = 1e-4
"""Largest relative error; float32 networks of a hundred layers stay below a hundredth of it."""


class DisagreementError(VegaError):
    """An exported model computes something else, or its check showed nothing."""


@dataclass(frozen=True)
class Agreement:
    """How near two models' outputs are.

    Attributes:
        error: The largest difference of an output, relative to its largest element.
        constant: Outputs that are equal for all samples, of which the comparison shows little.
    """

    error: float
    constant: tuple[str, ...] = ()


def compare(
    given: Arrays,
    expected: Arrays,
    *,
    varying: Collection[str] = (),
    tolerance: float = TOLERANCE,
) -> Agreement:
    """Holds outputs against what they should be.

    An output varies where two samples differ by more than the error that would be accepted. A
    network whose rectifiers are all dead gives its last bias for every input: any file with that
    bias would pass. So at least one of ``varying`` must.

    Args:
        given: The exported model's outputs by name.
        expected: The model's; may hold more.
        varying: Outputs with a row a sample, of which one must vary; empty where that is not asked.
        tolerance: The largest relative error of floats; other types must be equal.

    Raises:
        DisagreementError: An output is missing or differs, or none of ``varying`` varies.
    """
    errors = [0.0]
    for name, array in given.items():
        if name not in expected:
            raise DisagreementError(f"the model itself gives no output {name!r}")
        errors.append(_error(name, array, expected[name], tolerance))
    constant = tuple(name for name in varying if not _varies(expected[name], tolerance))
    if varying and len(constant) == len(varying):
        raise DisagreementError(
            f"the check shows nothing: {', '.join(constant)} is the same for all samples of the "
            "batch, as in a network that was never trained or whose rectifiers are dead; check "
            "with data that it tells apart, or export without a check"
        )
    return Agreement(max(errors), constant)


def _error(name: str, given: Array, expected: Array, tolerance: float) -> float:
    if given.shape != expected.shape:
        raise DisagreementError(
            f"output {name!r} is of shape {given.shape}, the model's is {expected.shape}"
        )
    if not np.issubdtype(expected.dtype, np.floating):
        differ = int(np.count_nonzero(given != expected))
        if differ:
            raise DisagreementError(f"{differ} of {expected.size} elements of {name!r} differ")
        return 0.0
    finite = np.isfinite(expected)
    if not np.array_equal(given[~finite], expected[~finite], equal_nan=True):
        raise DisagreementError(f"output {name!r} is infinite or NaN in other places")
    difference = np.abs(given[finite].astype(np.float64) - expected[finite]).max(initial=0.0)
    error = float(difference / _scale(expected[finite]))
    if not error <= tolerance:  # NaN is no agreement
        raise DisagreementError(
            f"output {name!r} differs from the model's by {error:.2g} of its largest element; "
            f"{tolerance:.2g} is accepted"
        )
    return error


def _varies(array: Array, tolerance: float) -> bool:
    if not np.issubdtype(array.dtype, np.floating):
        return bool((array != array[:1]).any())
    values = np.where(np.isfinite(array), array, 0).astype(np.float64)
    spread = np.ptp(values, axis=0).max(initial=0.0)
    return bool(spread > tolerance * _scale(values))


def _scale(values: Array) -> float:
    return float(np.abs(values).max(initial=0.0)) or 1.0
