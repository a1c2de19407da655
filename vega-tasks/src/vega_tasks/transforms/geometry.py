"""Random movements of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from vega_core.data import Batch, Transform


@dataclass(frozen=True)
class RandomShift(Transform):
    """Moves each picture by up to ``pixels`` both ways, filling with zeros.

    The same as padding by ``pixels`` on each side and cropping the old size at random, each
    offset with equal probability.

    Attributes:
        pixels: Largest movement.
        field: The pictures, of shape ``(N, C, H, W)``.
    """

    random: ClassVar[bool] = True

    pixels: int = 4
    field: str = "image"

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        image = batch[self.field]
        count, channels, height, width = image.shape
        pad = self.pixels
        padded = np.zeros((count, channels, height + 2 * pad, width + 2 * pad), image.dtype)
        padded[:, :, pad : pad + height, pad : pad + width] = image
        windows = sliding_window_view(padded, (height, width), axis=(2, 3))
        top, left = rng.integers(0, 2 * pad, (2, count), endpoint=True)
        return {**batch, self.field: windows[np.arange(count), :, top, left]}


@dataclass(frozen=True)
class RandomHorizontalFlip(Transform):
    """Mirrors each picture left to right with a given probability.

    Attributes:
        probability: Chance of each picture to be mirrored.
        field: The pictures, of shape ``(N, C, H, W)``.
    """

    random: ClassVar[bool] = True

    probability: float = 0.5
    field: str = "image"

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        image = batch[self.field]
        chosen = rng.random(len(image)) < self.probability
        image[chosen] = image[chosen, ..., ::-1]
        return batch
