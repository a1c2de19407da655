"""Measuring a network on a split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vega_core.backend import Executable
from vega_core.data import SAMPLE_VALID, Array, Batch, Loader
from vega_core.train.metrics import LOSS, Metric

IGNORED_LABEL = -100
"""A label that no loss counts; ONNX's and PyTorch's usual ``ignore_index``."""


def evaluate(
    executable: Executable,
    loader: Loader,
    metrics: Sequence[Metric],
    targets: Sequence[str],
    controls: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Measures the loss and the metrics on all samples of a loader, each counted once.

    Args:
        executable: Predicts outputs and, where the graph has one, ``loss``.
        loader: An evaluation loader.
        metrics: Metrics to update; they are reset first.
        targets: Fields that the loss compares with.
        controls: Run-time inputs of the graph.

    Returns:
        The loss as ``loss``, where the graph has one, and each metric under its name.
    """
    for metric in metrics:
        metric.reset()
    total, samples = 0.0, 0
    for batch in loader.epoch():
        valid = batch[SAMPLE_VALID]
        count = int(valid.sum())
        if count < valid.size:
            for name in targets:
                if loader.fields[name].classes is not None:
                    _ignore(batch[name], valid)
        outputs = executable.predict(batch, controls)
        if LOSS in outputs:
            total += _loss_sum(executable, loader, batch, outputs, targets, controls)
            samples += count
        rows = _valid_rows(outputs, valid)
        fields = _valid_rows(batch, valid)
        for metric in metrics:
            metric.update(rows, fields)
    values = {LOSS: total / samples} if samples else {}
    return values | {metric.name: metric.value() for metric in metrics}


def _ignore(labels: Array, valid: Array) -> None:
    labels[~valid] = IGNORED_LABEL


def _loss_sum(
    executable: Executable,
    loader: Loader,
    batch: Batch,
    outputs: Mapping[str, Array],
    targets: Sequence[str],
    controls: Mapping[str, float] | None,
) -> float:
    """Returns the sum of the loss over the valid rows of a batch."""
    valid = batch[SAMPLE_VALID]
    count, size = int(valid.sum()), valid.size
    mean = float(outputs[LOSS])
    if count == size or any(loader.fields[name].classes is not None for name in targets):
        return mean * count
    # Targets that cannot be ignored: the padding repeats the last row, whose loss a batch of
    # nothing else gives.
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
