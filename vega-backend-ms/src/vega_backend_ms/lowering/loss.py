"""Losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mindspore import ops as ms_ops

from vega_backend_ms.lowering.indexing import as_int64
from vega_backend_ms.lowering.precision import exact_type, log_softmax, softplus
from vega_backend_ms.lowering.types import scalar
from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def softmax_cross_entropy(op: ops.SoftmaxCrossEntropyLoss, site: Site) -> str:
    """Lowers SoftmaxCrossEntropyLoss."""
    (scores, _, *weights), dtype = site.inputs, site.specs[0].dtype
    weight = weights[0] if weights else "None"
    attributes = f"{scalar(float(op.smoothing), dtype)}, {literals(op.ignore_index, op.reduction)}"
    arguments = f"{scores}, {as_int64(site, 1)}, {weight}, {attributes}"
    return f"cross_entropy({arguments}, {exact_type(dtype)})"


def smooth_l1(op: ops.SmoothL1, site: Site) -> str:
    """Lowers SmoothL1."""
    if op.beta == 0:
        return _pairwise("absolute_error")(op, site)
    beta = scalar(float(op.beta), site.specs[0].dtype)
    return f"smooth_error({', '.join(site.inputs)}, {beta}, {literal(op.reduction)})"


def cross_entropy(
    scores: Any, labels: Any, weight: Any, smoothing: Any, ignored: int, reduction: str, wide: Any
) -> Any:
    """Returns the loss; see `ops.SoftmaxCrossEntropyLoss`."""
    counts = labels != ignored
    chosen = ms_ops.select(counts, labels, ms_ops.zeros_like(labels))
    logs = log_softmax(scores, 1, wide)
    if weight is not None:
        weight = ms_ops.stop_gradient(weight)
        logs = logs * ms_ops.reshape(weight, (-1,) + (1,) * (scores.ndim - 2))
    picked = ms_ops.gather_elements(logs, 1, ms_ops.expand_dims(chosen, 1))
    loss = -(1 - smoothing) * ms_ops.squeeze(picked, 1) - smoothing * ms_ops.mean(logs, 1)
    loss = ms_ops.select(counts, loss, ms_ops.zeros_like(loss))
    if reduction == "none":
        return loss
    if reduction == "sum":
        return ms_ops.sum(loss)
    counted = ms_ops.cast(counts, scores.dtype)
    if weight is not None:
        counted = counted * ms_ops.gather(weight, chosen, 0)
    return ms_ops.sum(loss) / ms_ops.sum(counted)


def binary_cross_entropy(scores: Any, targets: Any, weight: Any, reduction: str, wide: Any) -> Any:
    """Returns the loss; see `ops.BinaryCrossEntropyLoss`."""
    loss = softplus(scores, wide) - scores * targets
    if weight is not None:
        loss = loss * ms_ops.stop_gradient(weight)
    return reduced(loss, reduction)


def squared_error(a: Any, b: Any, reduction: str) -> Any:
    """Returns the loss; see `ops.SquaredError`."""
    return reduced(ms_ops.square(a - b), reduction)


def absolute_error(a: Any, b: Any, reduction: str) -> Any:
    """Returns the loss; see `ops.AbsoluteError`."""
    return reduced(ms_ops.abs(a - b), reduction)


def smooth_error(a: Any, b: Any, beta: Any, reduction: str) -> Any:
    """Returns the loss; see `ops.SmoothL1`."""
    size = ms_ops.abs(a - b)
    square = size * size / (2 * beta)
    return reduced(ms_ops.select(size < beta, square, size - beta / 2), reduction)


def reduced(loss: Any, reduction: str) -> Any:
    """Returns the mean or sum of a loss, or itself."""
    if reduction == "mean":
        return ms_ops.mean(loss)
    return ms_ops.sum(loss) if reduction == "sum" else loss


def _pairwise(function: str) -> Lowering:
    """Returns the lowering ``function(inputs, reduction)``."""
    return lambda op, site: f"{function}({', '.join(site.inputs)}, {literal(op.reduction)})"


def _binary(op: ops.BinaryCrossEntropyLoss, site: Site) -> str:
    scores, targets, *weights = site.inputs
    weight = weights[0] if weights else "None"
    options = f"{literal(op.reduction)}, {exact_type(site.specs[0].dtype)}"
    return f"binary_cross_entropy({scores}, {targets}, {weight}, {options})"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.AbsoluteError: _pairwise("absolute_error"),
    ops.BinaryCrossEntropyLoss: _binary,
    ops.SmoothL1: smooth_l1,
    ops.SoftmaxCrossEntropyLoss: softmax_cross_entropy,
    ops.SquaredError: _pairwise("squared_error"),
}
