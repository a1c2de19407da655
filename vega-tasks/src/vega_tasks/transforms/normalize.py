"""Subtraction of the mean and division by the standard deviation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vega_core.data import Array, Batch, Field, Transform
from vega_core.errors import DataError


@dataclass(frozen=True)
class Normalize(Transform):
    """Makes each channel ``(x - mean) / std``.

    Attributes:
        mean: One value, or one a channel.
        std: One value, or one a channel.
        field: The pictures, of shape ``(N, C, H, W)``; floating-point numbers.
    """

    mean: float | Sequence[float] = 0.5
    std: float | Sequence[float] = 0.5
    field: str = "image"

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:  # noqa: ARG002
        image = batch[self.field]
        std = _column(self.std, image.dtype)
        return {**batch, self.field: (image - _column(self.mean, image.dtype)) / std}

    def spec(self, fields: dict[str, Field]) -> dict[str, Field]:
        if not np.issubdtype(fields[self.field].dtype, np.floating):
            raise DataError(
                f"Normalize: field '{self.field}' is {fields[self.field].dtype}, and the result "
                "would be cut to whole numbers; give the data as float32"
            )
        channels = fields[self.field].shape[0]
        for name, value in (("mean", self.mean), ("std", self.std)):
            if np.size(value) not in (1, channels):
                raise DataError(
                    f"Normalize: {name} has {np.size(value)} values for {channels} channels"
                )
        if np.any(np.equal(self.std, 0)):
            raise DataError("Normalize: std must not be 0")
        return fields


def _column(values: float | Sequence[float], dtype: np.dtype[np.generic]) -> Array:
    return np.asarray(values, dtype).reshape(-1, 1, 1)
