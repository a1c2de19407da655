"""Normalization; where there is no scale and shift of its own, ONNX is given ones and zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from vega_core.exchange.onnx.site import Forms, Site
from vega_core.nn import ops

GROUPS_SINCE: Final = 21
"""The opset from which ONNX's GroupNormalization has a scale a channel."""


def batch_normalization(op: ops.BatchNormalization, site: Site) -> None:
    """Writes BatchNormalization; one that is fixed to training by the batch's own statistics."""
    (x,), channels = site.inputs, site.specs[0].shape[1:2]
    if op.mode == "train":
        rank = len(site.specs[0].shape)
        y = _normalized(site, x, (0, *range(2, rank)), op.epsilon)
        _scaled(site, y, (-1, *(1,) * (rank - 2)))
        return
    site.result(
        "BatchNormalization",
        x,
        *_affine(site, channels),
        site.params["running_mean"],
        site.params["running_var"],
        epsilon=op.epsilon,
        momentum=1 - op.momentum,
    )


def layer_normalization(op: ops.LayerNormalization, site: Site) -> None:
    """Writes LayerNormalization."""
    shape = site.specs[0].shape
    affine = _affine(site, shape[op.axis % len(shape) :])
    site.result("LayerNormalization", *site.inputs, *affine, axis=op.axis, epsilon=op.epsilon)


def group_normalization(op: ops.GroupNormalization, site: Site) -> None:
    """Writes GroupNormalization, or in an old opset a normalization of the groups themselves."""
    (x,), shape = site.inputs, site.specs[0].shape
    if site.opset >= GROUPS_SINCE:
        site.result(
            "GroupNormalization",
            x,
            *_affine(site, shape[1:2]),
            num_groups=op.num_groups,
            epsilon=op.epsilon,
        )
        return
    groups = site.emit("Reshape", x, site.whole((0, op.num_groups, -1)))
    y = _normalized(site, groups, (2,), op.epsilon)
    y = site.emit("Reshape", y, site.whole((0, *shape[1:])))
    _scaled(site, y, (-1, *(1,) * (len(shape) - 2)))


def instance_normalization(op: ops.InstanceNormalization, site: Site) -> None:
    """Writes InstanceNormalization."""
    affine = _affine(site, site.specs[0].shape[1:2])
    site.result("InstanceNormalization", *site.inputs, *affine, epsilon=op.epsilon)


def _affine(site: Site, shape: Sequence[int]) -> tuple[str, str]:
    if "weight" in site.params:
        return site.params["weight"], site.params["bias"]
    dtype = site.specs[0].dtype
    return site.constant(np.ones(shape), dtype), site.constant(np.zeros(shape), dtype)


def _normalized(site: Site, x: str, axes: Sequence[int], epsilon: float) -> str:
    reduced = site.whole(axes)
    centred = site.emit("Sub", x, site.emit("ReduceMean", x, reduced))
    variance = site.emit("ReduceMean", site.emit("Mul", centred, centred), reduced)
    shifted = site.emit("Add", variance, site.constant(epsilon, site.specs[0].dtype))
    return site.emit("Div", centred, site.emit("Sqrt", shifted))


def _scaled(site: Site, y: str, shape: Sequence[int]) -> None:
    """Writes the scale and shift a channel that follow, if there are any."""
    if "weight" not in site.params:
        site.result("Identity", y)
        return
    to = site.whole(shape)
    scale, shift = (site.emit("Reshape", site.params[role], to) for role in ("weight", "bias"))
    site.result("Add", site.emit("Mul", y, scale), shift)


FORMS: Final[Forms] = {
    ops.BatchNormalization: batch_normalization,
    ops.GroupNormalization: group_normalization,
    ops.InstanceNormalization: instance_normalization,
    ops.LayerNormalization: layer_normalization,
}
