"""Losses, which are nodes of the training graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.activation import log_softmax
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec

Reduction = Literal["mean", "sum", "none"]


@dataclass(frozen=True)
class SoftmaxCrossEntropyLoss(Primitive):
    """ONNX SoftmaxCrossEntropyLoss, with label smoothing.

    Inputs: scores (N, C, *places) before the softmax, labels (N, *places), int64. The target
    of a place is 1 - smoothing for its label and smoothing / C for every class on top (Szegedy
    et al., 2016). Output: () or, with reduction ``none``, (N, *places).

    Attributes:
        smoothing: Label smoothing, in [0, 1].
        ignore_index: The label of places that do not count.
        reduction: ``mean`` over the places that count, ``sum``, or ``none``.
    """

    smoothing: float = 0.0
    ignore_index: int = -100
    reduction: Reduction = "mean"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        scores, labels = inputs
        if len(scores.shape) < 2 or (scores.shape[0], *scores.shape[2:]) != labels.shape:
            raise ShapeError(
                f"a cross entropy needs scores (N, C, ...) and labels (N, ...), and got "
                f"{scores} and {labels}"
            )
        if not labels.dtype.startswith("int"):
            raise ShapeError(f"labels of a cross entropy are integers, and got {labels}")
        return (TensorSpec(labels.shape if self.reduction == "none" else (), scores.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        scores, labels = call.inputs
        counts = labels != self.ignore_index
        logs = log_softmax(scores, 1)
        picked = np.take_along_axis(logs, np.where(counts, labels, 0)[:, None], 1)[:, 0]
        loss = -(1 - self.smoothing) * picked - self.smoothing * logs.mean(1)
        loss = np.where(counts, loss, 0.0)
        return (_reduced(loss, self.reduction, int(counts.sum())),)


@dataclass(frozen=True)
class SquaredError(Primitive):
    """The squared difference of two inputs of one shape (N, ...).

    Attributes:
        reduction: ``mean`` over all elements, ``sum``, or ``none``.
    """

    reduction: Reduction = "mean"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        a, b = inputs
        if a != b:
            raise ShapeError(f"a squared error needs two inputs alike, and got {a} and {b}")
        return (TensorSpec(a.shape if self.reduction == "none" else (), a.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        difference = call.inputs[0] - call.inputs[1]
        return (_reduced(difference * difference, self.reduction, difference.size),)


def _reduced(loss: Array, reduction: Reduction, count: int) -> Array:
    if reduction == "none":
        return loss
    return np.asarray(loss.sum() / count if reduction == "mean" else loss.sum())
