"""Batches of one static shape, as functions of seed, epoch and batch number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from vega_core.data.dataset import Dataset, Indices
from vega_core.data.fields import SAMPLE_VALID, Batch, Field, check_batch
from vega_core.data.transform import Transform
from vega_core.errors import DataError

_ORDER, _DRAW = 1, 2  # streams of the random numbers of one (seed, epoch)


class Loader:
    """Gives the batches of a dataset, an epoch at a time.

    In training the rows come in an order that is a function of ``(seed, epoch)``, the last
    partial batch is dropped and random transforms draw from a generator that is a function of
    ``(seed, epoch, batch)``: a run that resumes at any batch sees what an undisturbed one sees.
    In evaluation the rows come in the dataset's order, and the last batch is filled up with
    copies of its last row, for which ``sample_valid`` is False.

    Args:
        dataset: The split to read.
        batch_size: Samples a batch.
        training: Whether to shuffle, drop and draw.
        seed: Seed of order and augmentation.
        transforms: Applied in this order; random ones in training only.

    Raises:
        DataError: The batch size is below 1, or in training above the number of samples.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        *,
        training: bool,
        seed: int = 0,
        transforms: Sequence[Transform] = (),
    ) -> None:
        if batch_size < 1:
            raise DataError(f"dataset.batch_size must be at least 1, not {batch_size}")
        if training and batch_size > len(dataset):
            raise DataError(
                f"dataset.batch_size is {batch_size}, but {_name(dataset)} has only "
                f"{len(dataset)} samples in this split; give a smaller batch size"
            )
        self.dataset = dataset
        self.batch_size = batch_size
        self.training = training
        self.seed = seed
        self.transforms = tuple(item for item in transforms if training or not item.random)
        self.fields = _fields(dataset, self.transforms)

    def __len__(self) -> int:
        """Returns the number of batches an epoch."""
        samples = len(self.dataset)
        return samples // self.batch_size if self.training else -(-samples // self.batch_size)

    def epoch(
        self, epoch: int = 0, *, start: int = 0, controls: Mapping[str, Any] | None = None
    ) -> Iterator[Batch]:
        """Yields the batches of one epoch.

        Args:
            epoch: Number of the epoch, from 0.
            start: First batch to give, where a run resumes within an epoch.
            controls: Values for transforms that follow a policy.
        """
        transforms = tuple(item.bind(controls) for item in self.transforms if controls is not None)
        order = self._order(epoch)
        key = np.random.SeedSequence([self.seed, _DRAW, epoch]).generate_state(2, np.uint64)
        for number in range(start, len(self)):
            rows = order[number * self.batch_size : (number + 1) * self.batch_size]
            batch = self._read(rows)
            # A counter-based generator, because it costs half of seeding another kind anew.
            rng = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, number]))
            for transform in transforms or self.transforms:
                batch = transform(batch, rng)
            check_batch(batch, self.fields, _name(self.dataset))
            yield batch

    def _order(self, epoch: int) -> Indices:
        samples = len(self.dataset)
        if not self.training:
            return np.arange(samples)
        return np.random.default_rng([self.seed, _ORDER, epoch]).permutation(samples)

    def _read(self, rows: Indices) -> Batch:
        valid = np.arange(self.batch_size) < rows.size
        if rows.size < self.batch_size:
            rows = np.concatenate([rows, np.full(self.batch_size - rows.size, rows[-1])])
        batch = self.dataset.__getitems__(rows)
        batch[SAMPLE_VALID] = valid
        return batch


def _fields(dataset: Dataset, transforms: Sequence[Transform]) -> dict[str, Field]:
    fields = dict(dataset.spec())
    for name, field in dataset.spec().items():
        if field.max_len is not None:
            fields[f"{name}_valid"] = Field("bool", (field.max_len,))
    fields[SAMPLE_VALID] = Field("bool")
    for transform in transforms:
        fields = transform.spec(fields)
    return fields


def _name(dataset: Dataset) -> str:
    return type(dataset).__name__
