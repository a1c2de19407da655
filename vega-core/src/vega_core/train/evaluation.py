"""Measuring a network on a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from vega_core.backend import Executable
from vega_core.data import SAMPLE_VALID, Array, Batch, Loader
from vega_core.train.metrics import LOSS, Metric


def evaluate(
    executable: Executable,
    loader: Loader,
    metrics: Sequence[Metric],
    controls: Mapping[str, float] | None = None,
    *,
    after_batch: Callable[[], None] | None = None,
) -> dict[str, float]:
    """Measures the loss and the metrics on all samples of a loader, each counted once.

    Args:
        executable: Predicts outputs and, where the graph has one, ``loss``, a mean over the rows of
            a batch.
        loader: An evaluation loader.
        metrics: Metrics to update; they are reset first.
        controls: Run-time inputs of the graph.
        after_batch: Called after each batch.

    Returns:
        The loss as ``loss``, where the graph has one, and each metric under its name.
    """
    for metric in metrics:
        metric.reset()
    total, samples = 0.0, 0
    for batch in loader.epoch():
        valid = batch[SAMPLE_VALID]
        outputs = executable.predict(batch, controls)
        if LOSS in outputs:
            total += _loss_sum(executable, batch, float(outputs[LOSS]), controls)
            samples += int(valid.sum())
        rows = _valid_rows(outputs, valid)
        fields = _valid_rows(batch, valid)
        for metric in metrics:
            metric.update(rows, fields)
        if after_batch is not None:
            after_batch()
    values = {LOSS: total / samples} if samples else {}
    return values | {metric.name: metric.value() for metric in metrics}


def _loss_sum(
    executable: Executable, batch: Batch, mean: float, controls: Mapping[str, float] | None
) -> float:
    """Returns the sum of the loss over the valid rows of a batch, given its mean over all rows."""
    valid = batch[SAMPLE_VALID]
    count, size = int(valid.sum()), valid.size
    if count == size:
        return mean * count
    # The padding repeats the last row, whose loss a batch of nothing else gives.
    last = {name: np.repeat(array[-1:], size, axis=0) for name, array in batch.items()}
    padding = float(executable.predict(last, controls)[LOSS])
    return mean * size - padding * (size - count)


def _valid_rows(arrays: Mapping[str, Array], valid: Array) -> Mapping[str, Array]:
    if valid.all():
        return arrays
    return {
        name: array[valid] if array.shape[:1] == valid.shape else array
        for name, array in arrays.items()
    }
