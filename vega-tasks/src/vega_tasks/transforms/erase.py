"""Random erasing of parts of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vega_core.data import Array, Batch, Transform


@dataclass(frozen=True)
class Cutout(Transform):
    """Sets one square of each picture to zero (DeVries and Taylor, arXiv 1708.04552).

    The square's centre is any pixel with equal probability, so that it may lie partly outside.

    Attributes:
        size: Side of the square in pixels.
        field: The pictures, of shape ``(N, C, H, W)``.
    """

    random: ClassVar[bool] = True

    size: int = 8
    field: str = "image"

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        image = batch[self.field]
        count, _, height, width = image.shape
        rows = self._covered(rng.integers(height, size=(count,)), height)
        columns = self._covered(rng.integers(width, size=(count,)), width)
        keep = ~(rows[:, :, None] & columns[:, None, :])
        return {**batch, self.field: image * keep[:, None]}

    def _covered(self, centres: Array, length: int) -> Array:
        first = (centres - self.size // 2)[:, None]
        place = np.arange(length)
        return (place >= first) & (place < first + self.size)
