"""The handwritten digits that come with scikit-learn."""

from __future__ import annotations

from functools import cache
from typing import ClassVar

import numpy as np

from vega_core.data import Array, ArrayDataset, Split, Task, split_indices
from vega_tasks.classification.task import CLASSIFICATION

_LEVELS = 16.0  # grey levels of the pictures are 0 .. 16


class Digits(ArrayDataset):
    """1,797 real handwritten digits of 8 x 8 pixels, from scikit-learn.

    Fields are ``image``, float32 of shape ``(1, 8, 8)`` in 0 .. 1, and ``label``, one of 10
    classes. The data come with scikit-learn: nothing is downloaded.

    Args:
        split: One of ``vega_core.data.SPLITS``.
        val: Part of the samples for validation.
        test: Part of the samples for testing.
        split_seed: Seed of the (stratified) split; the trials of a run share it.
    """

    task: ClassVar[Task | None] = CLASSIFICATION

    def __init__(
        self, split: Split, *, val: float = 0.15, test: float = 0.2, split_seed: int = 0
    ) -> None:
        images, labels = _read()
        rows = split_indices(len(labels), split, seed=split_seed, val=val, test=test, labels=labels)
        super().__init__(
            {"image": images[rows], "label": labels[rows]},
            classes={"label": 10},
            source="Digits",
        )


@cache  # what comes inside a package does not change; a warm worker reads it once
def _read() -> tuple[Array, Array]:
    # Imported here: scikit-learn takes longer to import than a configuration to check.
    from sklearn.datasets import load_digits

    pictures, labels = load_digits(return_X_y=True)
    images = (pictures.reshape(-1, 1, 8, 8) / _LEVELS).astype(np.float32)
    return images, labels.astype(np.int64)
