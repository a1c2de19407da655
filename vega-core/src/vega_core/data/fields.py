"""What one field of a dataset holds: its type, shape and sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import DataError

Batch = dict[str, Array]
"""Field name to an array whose first axis is the batch."""

SAMPLE_VALID = "sample_valid"
"""Field that every batch carries: False for rows that only fill up the last batch."""


@dataclass(frozen=True)
class Field:
    """The form of one field of a sample.

    Attributes:
        dtype: NumPy name of the element type, such as ``float32``.
        shape: Shape of one sample, or of one of its entries where ``max_len`` is given.
        max_len: Most entries (boxes, lanes, words) of one sample. Such a field comes padded
            to ``(max_len, *shape)``, with a mask ``<field>_valid`` beside it.
        classes: Number of classes, where the field is a label in ``0 .. classes - 1``.
        vocabulary: Number of tokens, where the field is an index into an embedding.
    """

    dtype: str
    shape: tuple[int, ...] = ()
    max_len: int | None = None
    classes: int | None = None
    vocabulary: int | None = None

    @property
    def padded_shape(self) -> tuple[int, ...]:
        """Shape of one sample inside a batch."""
        return self.shape if self.max_len is None else (self.max_len, *self.shape)

    @property
    def bound(self) -> int | None:
        """Exclusive upper bound of the values, where they are indices."""
        return self.classes if self.classes is not None else self.vocabulary


Spec = Mapping[str, Field]


def check_batch(batch: Batch, spec: Spec, source: str) -> None:
    """Checks a batch against the specification it was promised under.

    Args:
        batch: Arrays of shape ``(N, *field.padded_shape)``.
        spec: The promised fields.
        source: Who made the batch, for the message.

    Raises:
        DataError: A field is missing, or has another type, shape or range.
    """
    for name, field in spec.items():
        if name not in batch:
            raise DataError(f"{source}: field '{name}' is promised by spec() but not delivered")
        array = batch[name]
        if array.dtype != field.dtype or array.shape[1:] != field.padded_shape:
            raise DataError(
                f"{source}: field '{name}' is {array.dtype}{list(array.shape[1:])}, "
                f"but spec() promises {field.dtype}{list(field.padded_shape)}"
            )
        if field.bound is not None:
            check_range(array, field.bound, f"{source}: field '{name}'")


def check_range(values: Array, bound: int, source: str) -> None:
    """Checks that index values lie in ``0 .. bound - 1``.

    Raises:
        DataError: Names the first value outside and its place.
    """
    if values.size and (values.min() < 0 or values.max() >= bound):
        flat = values.ravel()
        place = int(np.flatnonzero((flat < 0) | (flat >= bound))[0])
        raise DataError(
            f"{source}: value {flat[place]} at position {place} is outside 0 .. {bound - 1}"
        )
