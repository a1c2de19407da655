"""Losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def cross_entropy(op: ops.SoftmaxCrossEntropyLoss, site: Site) -> Tensor:
    """Lowers SoftmaxCrossEntropyLoss; classes are moved to the last axis."""
    scores, labels, *weights = site.inputs
    if site.rank > 2:
        scores = tf.transpose(scores, (0, *range(2, site.rank), 1))
    weight = tf.stop_gradient(weights[0]) if weights else None
    counts = tf.not_equal(labels, tf.constant(op.ignore_index, labels.dtype))
    chosen = tf.where(counts, labels, tf.zeros_like(labels))
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(chosen, scores)
    own = tf.ones_like(loss) if weight is None else tf.gather(weight, chosen)
    loss = loss * own
    if op.smoothing:
        logs = tf.nn.log_softmax(scores)
        spread = tf.reduce_mean(logs if weight is None else logs * weight, -1)
        loss = (1 - op.smoothing) * loss - op.smoothing * spread
    loss = tf.where(counts, loss, tf.zeros_like(loss))
    if op.reduction == "mean":
        return tf.reduce_sum(loss) / tf.reduce_sum(tf.where(counts, own, tf.zeros_like(own)))
    return _reduced(loss, op.reduction)


def binary_cross_entropy(op: ops.BinaryCrossEntropyLoss, site: Site) -> Tensor:
    """Lowers BinaryCrossEntropyLoss."""
    scores, targets, *weights = site.inputs
    loss = tf.nn.sigmoid_cross_entropy_with_logits(targets, scores)
    if weights:
        loss = loss * tf.stop_gradient(weights[0])
    return _reduced(loss, op.reduction)


def of_difference(function: Callable[[Any, Tensor], Tensor]) -> Lowering:
    """Returns the lowering of a function of the difference of two inputs."""
    return lambda op, site: _reduced(function(op, site.inputs[0] - site.inputs[1]), op.reduction)


def smooth(op: ops.SmoothL1, difference: Tensor) -> Tensor:
    """Returns the error that is a square near 0."""
    size = tf.abs(difference)
    if not op.beta:
        return size
    square = difference * difference / (2 * op.beta)
    return tf.where(size < op.beta, square, size - op.beta / 2)


def _reduced(loss: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return loss
    return tf.reduce_mean(loss) if reduction == "mean" else tf.reduce_sum(loss)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.AbsoluteError: of_difference(lambda _, difference: tf.abs(difference)),
    ops.BinaryCrossEntropyLoss: binary_cross_entropy,
    ops.SmoothL1: of_difference(smooth),
    ops.SoftmaxCrossEntropyLoss: cross_entropy,
    ops.SquaredError: of_difference(lambda _, difference: difference * difference),
}
