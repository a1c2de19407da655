"""Labels: how many classes a network tells apart, and how many the data have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vega_core.data import Batch, Loader, Spec, Transform
from vega_core.errors import DataError, ModelError
from vega_core.nn import Graph, ops


def check_classes(graph: Graph, fields: Spec) -> None:
    """Checks that a network tells all classes of the data apart.

    Args:
        graph: The training graph, with its loss.
        fields: The fields of a batch.

    Raises:
        ModelError: It gives fewer scores than there are classes.
    """
    for name, op, classes in _labels(graph, fields):
        known = fields[name].classes
        if known is not None and known > classes and not 0 <= op.ignore_index < known:
            raise ModelError(
                f"the network tells {classes} classes apart, and '{name}' of the data has {known}; "
                "num_classes: auto takes those of the data"
            )


def with_checks(loader: Loader, graph: Graph) -> Loader:
    """Returns a loader that checks labels whose number of classes the data do not say.

    They are held against the classes that the network tells apart. Labels of which the data say
    the number are held against that already.

    Args:
        loader: The loader; it is changed.
        graph: The training graph, with its loss.
    """
    checks = [
        _Checked(name, classes, op.ignore_index, type(loader.dataset).__name__)
        for name, op, classes in _labels(graph, loader.fields)
        if loader.fields[name].classes is None
    ]
    loader.transforms = (*loader.transforms, *checks)
    return loader


@final
@dataclass(frozen=True)
class _Checked(Transform):
    """Refuses batches with labels that the network does not know.

    Frameworks differ in what they do with these: an index beyond an array, or a loss of NaN.
    """

    name: str
    classes: int
    ignored: int
    source: str

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:  # noqa: ARG002
        labels = batch[self.name]
        if labels.size and (labels.min() < 0 or labels.max() >= self.classes):
            wrong = labels[((labels < 0) | (labels >= self.classes)) & (labels != self.ignored)]
            if wrong.size:
                raise DataError(
                    f"{self.source}: field '{self.name}' holds the label {wrong[0]}, and the "
                    f"network tells {self.classes} classes apart: 0 .. {self.classes - 1}"
                )
        return batch


def _labels(graph: Graph, fields: Spec) -> Iterator[tuple[str, ops.SoftmaxCrossEntropyLoss, int]]:
    """Yields each field that is a label of a cross entropy, with the loss and its classes."""
    for node in graph.nodes:
        if isinstance(node.op, ops.SoftmaxCrossEntropyLoss) and node.inputs[1] in fields:
            yield node.inputs[1], node.op, graph.specs[node.inputs[0]].shape[1]
