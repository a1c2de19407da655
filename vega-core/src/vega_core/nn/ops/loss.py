"""Losses, which are nodes of the training graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.activation import log_softmax
from vega_core.nn.ops.checks import FLOATS, INTEGERS, alike, taken, typed
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec, broadcast

Reduction = Literal["mean", "sum", "none"]


@dataclass(frozen=True)
class SoftmaxCrossEntropyLoss(Primitive):
    """ONNX SoftmaxCrossEntropyLoss, with label smoothing.

    Inputs: scores (N, C, *places) before the softmax, labels (N, *places), integers, and, where
    classes count differently, their weights (C,), through which no gradient flows. The target of a
    place is 1 - smoothing for its label and smoothing / C for every class on top (Szegedy et al.,
    2016); each class's part of the loss is multiplied by the class's weight. Output: () or, with
    reduction ``none``, (N, *places).

    Attributes:
        smoothing: Label smoothing, in [0, 1].
        ignore_index: The label of places that do not count.
        reduction: ``mean`` over the places that count, by the weights of their labels; ``sum``, or
            ``none``.
    """

    smoothing: float = 0.0
    ignore_index: int = -100
    reduction: Reduction = "mean"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        scores, labels, *weights = taken(self, inputs, 3 if len(inputs) == 3 else 2)
        if len(scores.shape) < 2 or (scores.shape[0], *scores.shape[2:]) != labels.shape:
            raise ShapeError(
                f"a cross entropy needs scores (N, C, ...) and labels (N, ...), and got "
                f"{scores} and {labels}"
            )
        typed(self, scores, FLOATS)
        if labels.dtype not in INTEGERS:
            raise ShapeError(f"labels of a cross entropy are integers, and got {labels}")
        if scores.shape[1] < 1 or any(w.shape != scores.shape[1:2] for w in weights):
            raise ShapeError(f"weights of {scores.shape[1]} classes do not fit {weights}")
        for weight in weights:
            alike(self, scores, weight)
        if not 0 <= self.smoothing <= 1:
            raise ShapeError(f"label smoothing is in [0, 1], and got {self.smoothing} for {scores}")
        return (_result(self.reduction, labels, scores.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        scores, labels, *weights = call.inputs
        weight = weights[0] if weights else np.ones(scores.shape[1], scores.dtype)
        counts = labels != self.ignore_index
        chosen = np.where(counts, labels, 0)
        logs = log_softmax(scores, 1) * weight.reshape(-1, *(1,) * (scores.ndim - 2))
        picked = np.take_along_axis(logs, chosen[:, None], 1)[:, 0]
        loss = -(1 - self.smoothing) * picked - self.smoothing * logs.mean(1)
        loss = np.where(counts, loss, 0).astype(scores.dtype)
        return (_reduced(loss, self.reduction, np.where(counts, weight[chosen], 0).sum()),)


@dataclass(frozen=True)
class BinaryCrossEntropyLoss(Primitive):
    """The cross entropy of yes-or-no scores, before the sigmoid, with targets in [0, 1].

    Inputs: scores and targets of one shape, and, where elements count differently, weights that
    broadcast to it, through which no gradient flows. Output: () or, with reduction ``none``, that
    shape.

    Attributes:
        reduction: ``mean`` over all elements, whatever their weights; ``sum``, or ``none``.
    """

    reduction: Reduction = "mean"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        scores, targets, *weights = taken(self, inputs, 3 if len(inputs) == 3 else 2, FLOATS)
        for weight in weights:
            alike(self, scores, weight)
            if broadcast(scores.shape, weight.shape) != scores.shape:
                raise ShapeError(f"weights {weight} are more than the scores {scores}")
        return _pair(self.reduction, scores, targets)

    def reference(self, call: Call) -> tuple[Array, ...]:
        scores, targets, *weights = call.inputs
        loss = np.maximum(scores, 0) - scores * targets + np.log1p(np.exp(-np.abs(scores)))
        loss = loss * weights[0] if weights else loss
        return (_reduced(loss, self.reduction, loss.size),)


@dataclass(frozen=True)
class SquaredError(Primitive):
    """The squared difference of two inputs of one shape.

    Attributes:
        reduction: ``mean`` over all elements, ``sum``, or ``none``.
    """

    reduction: Reduction = "mean"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        return _pair(self.reduction, *taken(self, inputs, 2, FLOATS))

    def reference(self, call: Call) -> tuple[Array, ...]:
        difference = call.inputs[0] - call.inputs[1]
        return (_reduced(difference * difference, self.reduction, difference.size),)


@dataclass(frozen=True)
class AbsoluteError(Primitive):
    """The absolute difference of two inputs of one shape.

    Attributes:
        reduction: ``mean`` over all elements, ``sum``, or ``none``.
    """

    reduction: Reduction = "mean"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        return _pair(self.reduction, *taken(self, inputs, 2, FLOATS))

    def reference(self, call: Call) -> tuple[Array, ...]:
        difference = np.abs(call.inputs[0] - call.inputs[1])
        return (_reduced(difference, self.reduction, difference.size),)


@dataclass(frozen=True)
class SmoothL1(Primitive):
    """The absolute difference of two inputs of one shape, rounded off near 0 (Girshick, 2015).

    A difference of size d gives d² / (2 beta) below beta, and d - beta / 2 from there.

    Attributes:
        beta: Where the square begins; 0 is the absolute difference.
        reduction: ``mean`` over all elements, ``sum``, or ``none``.
    """

    beta: float = 1.0
    reduction: Reduction = "mean"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        a, b = taken(self, inputs, 2, FLOATS)
        if not 0 <= self.beta < float("inf"):
            raise ShapeError(f"beta of a smooth error of {a} is not negative, and got {self.beta}")
        return _pair(self.reduction, a, b)

    def reference(self, call: Call) -> tuple[Array, ...]:
        size = np.abs(call.inputs[0] - call.inputs[1])
        square = size * size / (2 * self.beta) if self.beta else size
        loss = np.where(size < self.beta, square, size - self.beta / 2).astype(size.dtype)
        return (_reduced(loss, self.reduction, loss.size),)


def _pair(reduction: str, a: TensorSpec, b: TensorSpec) -> tuple[TensorSpec, ...]:
    if a != b:
        raise ShapeError(f"a loss needs two inputs alike, and got {a} and {b}")
    return (_result(reduction, a, a.dtype),)


def _result(reduction: str, places: TensorSpec, dtype: str) -> TensorSpec:
    if reduction not in ("mean", "sum", "none") or 0 in places.shape:
        raise ShapeError(f"a loss of {places} cannot be reduced by {reduction!r}")
    return TensorSpec(places.shape if reduction == "none" else (), dtype)


def _reduced(loss: Array, reduction: Reduction, count: float) -> Array:
    if reduction == "none":
        return loss
    with np.errstate(invalid="ignore"):  # The mean over nothing is not a number.
        total = loss.sum() / count if reduction == "mean" else loss.sum()
    return np.asarray(total, loss.dtype)
