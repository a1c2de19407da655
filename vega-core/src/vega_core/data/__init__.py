"""Datasets, batches and transforms: contracts and the loader."""

from __future__ import annotations

from vega_core.arrays import Array
from vega_core.data.dataset import ArrayDataset, Dataset, Indices, collate
from vega_core.data.fields import (
    SAMPLE_VALID,
    Batch,
    Field,
    Spec,
    check_batch,
    check_range,
)
from vega_core.data.loader import Loader
from vega_core.data.splits import SPLITS, Split, split_indices
from vega_core.data.task import Task
from vega_core.data.transform import Transform

__all__ = [
    "SAMPLE_VALID",
    "SPLITS",
    "Array",
    "ArrayDataset",
    "Batch",
    "Dataset",
    "Field",
    "Indices",
    "Loader",
    "Spec",
    "Split",
    "Task",
    "Transform",
    "check_batch",
    "check_range",
    "collate",
    "split_indices",
]
