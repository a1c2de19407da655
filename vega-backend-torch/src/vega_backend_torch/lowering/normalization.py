"""Normalization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_core.backend.writing import Lowering, Site, literal, literals
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
    return f"torch.batch_norm({site.inputs[0]}, {_affine(site)}, {mean}, {variance}, {options})"


def layer_normalization(op: ops.LayerNormalization, site: Site) -> str:
    """Lowers LayerNormalization."""
    shape = site.specs[0].shape[op.axis % len(site.specs[0].shape) :]
    x, epsilon = site.inputs[0], literal(op.epsilon)
    return f"torch.layer_norm({x}, {literal(shape)}, {_affine(site)}, {epsilon})"


def group_normalization(op: ops.GroupNormalization, site: Site) -> str:
    """Lowers GroupNormalization."""
    x, groups, epsilon = site.inputs[0], literal(op.num_groups), literal(op.epsilon)
    return f"torch.group_norm({x}, {groups}, {_affine(site)}, {epsilon})"


def instance_normalization(op: ops.InstanceNormalization, site: Site) -> str:
    """Lowers InstanceNormalization, without running statistics."""
    options = literals(None, None, True, 0.0, op.epsilon, True)
    return f"torch.instance_norm({site.inputs[0]}, {_affine(site)}, {options})"


def _affine(site: Site) -> str:
    return f"{site.params.get('weight')}, {site.params.get('bias')}"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.BatchNormalization: batch_normalization,
    ops.GroupNormalization: group_normalization,
    ops.InstanceNormalization: instance_normalization,
    ops.LayerNormalization: layer_normalization,
}
