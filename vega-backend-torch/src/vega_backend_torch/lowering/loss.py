"""Losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def cross_entropy(op: ops.SoftmaxCrossEntropyLoss, site: Site) -> str:
    """Lowers SoftmaxCrossEntropyLoss; PyTorch takes labels as int64 alone."""
    scores, labels, *weights = _constant_weights(site)
    if site.specs[1].dtype != "int64":
        labels = f"{labels}.long()"
    return (
        f"F.cross_entropy({', '.join((scores, labels, *weights))}, "
        f"ignore_index={literal(op.ignore_index)}, reduction={literal(op.reduction)}, "
        f"label_smoothing={literal(op.smoothing)})"
    )


def pairwise(function: str) -> Lowering:
    """Returns the lowering ``function(inputs, reduction=...)``."""
    return lambda op, site: (
        f"{function}({', '.join(_constant_weights(site))}, reduction={literal(op.reduction)})"
    )


def smooth_l1(op: ops.SmoothL1, site: Site) -> str:
    """Lowers SmoothL1."""
    options = f"reduction={literal(op.reduction)}, beta={literal(op.beta)}"
    return f"F.smooth_l1_loss({', '.join(site.inputs)}, {options})"


def _constant_weights(site: Site) -> list[str]:
    """Returns the inputs; PyTorch differentiates no loss by its weights, which come third."""
    return [*site.inputs[:2], *(f"{weights}.detach()" for weights in site.inputs[2:])]


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.AbsoluteError: pairwise("F.l1_loss"),
    ops.BinaryCrossEntropyLoss: pairwise("F.binary_cross_entropy_with_logits"),
    ops.SmoothL1: smooth_l1,
    ops.SoftmaxCrossEntropyLoss: cross_entropy,
    ops.SquaredError: pairwise("F.mse_loss"),
}
