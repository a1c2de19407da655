"""Losses as functions of tensors, which emit nodes."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.functional.activation import log_softmax
from vega_core.nn.functional.arithmetic import exp
from vega_core.nn.functional.reduction import reduce_mean, reduce_sum
from vega_core.nn.ops.loss import Reduction
from vega_core.nn.tensor import Tensor


def cross_entropy(
    logits: Tensor,
    label: Tensor,
    smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    weights: Tensor | None = None,
) -> Tensor:
    """Returns the cross entropy of scores (N, C, *places) and labels (N, *places).

    Args:
        logits: Scores before the softmax.
        label: Class numbers, integers.
        smoothing: Label smoothing, in [0, 1].
        ignore_index: The label of places that do not count.
        reduction: ``mean`` over the places that count, by the weights of their labels; ``sum``, or
            ``none``.
        weights: How much each class counts, (C,); no gradient flows through them.
    """
    others = (label,) if weights is None else (label, weights)
    return logits.apply(ops.SoftmaxCrossEntropyLoss(smoothing, ignore_index, reduction), *others)


def binary_cross_entropy(
    logits: Tensor, target: Tensor, reduction: Reduction = "mean", weights: Tensor | None = None
) -> Tensor:
    """Returns the cross entropy of yes-or-no scores and targets in [0, 1] of one shape.

    Args:
        logits: Scores before the sigmoid.
        target: Probabilities of yes.
        reduction: ``mean`` over all elements, whatever their weights; ``sum``, or ``none``.
        weights: How much each element counts, of a shape that broadcasts to the scores'; no
            gradient flows through them.
    """
    others = (target,) if weights is None else (target, weights)
    return logits.apply(ops.BinaryCrossEntropyLoss(reduction), *others)


def mse(a: Tensor, b: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Returns the squared error of two tensors of one shape."""
    return a.apply(ops.SquaredError(reduction), b)


def l1(a: Tensor, b: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Returns the absolute error of two tensors of one shape."""
    return a.apply(ops.AbsoluteError(reduction), b)


def smooth_l1(a: Tensor, b: Tensor, beta: float = 1.0, reduction: Reduction = "mean") -> Tensor:
    """Returns the absolute error of two tensors of one shape, a square below ``beta``."""
    return a.apply(ops.SmoothL1(float(beta), reduction), b)


def kl_divergence(student: Tensor, teacher: Tensor, temperature: Tensor | float = 1.0) -> Tensor:
    """Returns how far a student's classes are from a teacher's (Hinton, Vinyals and Dean, 2015).

    That is the Kullback-Leibler divergence of the softened classes, ``softmax(scores /
    temperature)``, over axis 1, its mean over the batch and all places, times the temperature's
    square, so that gradients keep their size. It flows into both; stop the teacher's where it
    is not trained.

    Args:
        student: Scores (N, C, *places) before the softmax.
        teacher: Scores of the same shape.
        temperature: A number above 0, or a tensor of shape (), such as a control.
    """
    goal = log_softmax(teacher / temperature, 1)
    gap = goal - log_softmax(student / temperature, 1)
    return reduce_mean(reduce_sum(exp(goal) * gap, 1)) * temperature * temperature
