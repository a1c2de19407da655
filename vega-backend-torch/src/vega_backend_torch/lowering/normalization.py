"""Normalization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.site import Lowering, Site, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def batch_normalization(op: ops.BatchNormalization, site: Site) -> str:
    """Lowers BatchNormalization; statistics that do not move are kept from PyTorch."""
    p, training = site.params, op.mode == "train"
    roles = ("running_mean", "running_var")
    if training and not site.moving.intersection(roles):
        mean = variance = "None"
    else:
        mean, variance = (
            p[role] if not training or role in site.moving else f"{p[role]}.clone()"
            for role in roles
        )
    options = literals(training, op.momentum, op.epsilon, True)
    return (
        f"torch.batch_norm({site.inputs[0]}, {p['weight']}, {p['bias']}, {mean}, {variance}, "
        f"{options})"
    )


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.BatchNormalization: batch_normalization,
}
