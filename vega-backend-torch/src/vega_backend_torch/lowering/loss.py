"""Losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.site import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def cross_entropy(op: ops.SoftmaxCrossEntropyLoss, site: Site) -> str:
    """Lowers SoftmaxCrossEntropyLoss; PyTorch takes labels as int64 alone."""
    scores, labels = site.inputs
    if site.specs[1].dtype != "int64":
        labels = f"{labels}.long()"
    return (
        f"F.cross_entropy({scores}, {labels}, ignore_index={literal(op.ignore_index)}, "
        f"reduction={literal(op.reduction)}, label_smoothing={literal(op.smoothing)})"
    )


def squared_error(op: ops.SquaredError, site: Site) -> str:
    """Lowers SquaredError."""
    return f"F.mse_loss({', '.join(site.inputs)}, reduction={literal(op.reduction)})"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.SoftmaxCrossEntropyLoss: cross_entropy,
    ops.SquaredError: squared_error,
}
