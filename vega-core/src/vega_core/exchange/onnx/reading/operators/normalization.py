"""Normalization; constants of ones and zeros are no scale and shift."""

from __future__ import annotations

from typing import Final

import numpy as np

from vega_core.exchange.onnx.reading.site import Readings, Site
from vega_core.exchange.onnx.reading.values import Known, Value
from vega_core.nn import ops
from vega_core.nn.shapes import axis_of

_PER_CHANNEL: Final = 21
"""The opset from which GroupNormalization has a scale a channel, and not a group."""


def batch_normalization(site: Site) -> Value:
    """Reads BatchNormalization, which runs as the graph does, whatever the file says of training.

    Statistics that the file hands out as outputs are kept by the backend instead.
    """
    x, scale, shift, mean, variance = site.values(5)
    site.alone()
    affine = not _plain(scale, shift)
    op = ops.BatchNormalization(
        epsilon=_rounded(site.number("epsilon", 1e-5)),
        momentum=_rounded(1 - site.number("momentum", 0.9)),
        affine=affine,
    )
    return site.emit(
        op,
        x,
        weight=scale if affine else None,
        bias=shift if affine else None,
        running_mean=mean,
        running_var=variance,
    )


def layer_normalization(site: Site) -> Value:
    """Reads LayerNormalization."""
    x, scale = site.values(2)
    site.alone()
    shift, axis = site.optional(2), site.whole("axis", -1)
    shape = x.spec.shape[axis_of(axis, x.spec.shape) :]
    epsilon = _rounded(site.number("epsilon", 1e-5))
    affine = shift is not None and scale.spec.shape == shift.spec.shape == shape
    if affine and not _plain(scale, shift):
        op = ops.LayerNormalization(axis, epsilon)
        return site.emit(op, x, weight=scale, bias=shift)
    y = site.emit(ops.LayerNormalization(axis, epsilon, affine=False), x)
    if not _plain(scale, None):
        y = site.emit(ops.Mul(), y, scale)
    return y if shift is None or _plain(None, shift) else site.emit(ops.Add(), y, shift)


def group_normalization(site: Site) -> Value:
    """Reads GroupNormalization."""
    x, scale, shift = site.values(3)
    groups, epsilon = site.whole("num_groups"), _rounded(site.number("epsilon", 1e-5))
    if _plain(scale, shift):
        return site.emit(ops.GroupNormalization(groups, epsilon, affine=False), x)
    if site.opset >= _PER_CHANNEL or scale.spec.shape == x.spec.shape[1:2]:
        return site.emit(ops.GroupNormalization(groups, epsilon), x, weight=scale, bias=shift)
    y = site.emit(ops.GroupNormalization(groups, epsilon, affine=False), x)
    y = site.emit(ops.Reshape((0, groups, -1)), y)
    y = site.emit(ops.Mul(), y, site.emit(ops.Reshape((groups, 1)), scale))
    y = site.emit(ops.Add(), y, site.emit(ops.Reshape((groups, 1)), shift))
    return site.emit(ops.Reshape((0, *x.spec.shape[1:])), y)


def instance_normalization(site: Site) -> Value:
    """Reads InstanceNormalization."""
    x, scale, shift = site.values(3)
    epsilon = _rounded(site.number("epsilon", 1e-5))
    if _plain(scale, shift):
        return site.emit(ops.InstanceNormalization(epsilon, affine=False), x)
    return site.emit(ops.InstanceNormalization(epsilon), x, weight=scale, bias=shift)


def _plain(scale: Value | None, shift: Value | None) -> bool:
    """Returns whether a scale and a shift are constants that change nothing."""
    pairs = ((scale, 1), (shift, 0))
    return all(
        value is None
        or (isinstance(value, Known) and not value.symbolic and bool(np.all(value.array == number)))
        for value, number in pairs
    )


def _rounded(value: float) -> float:
    """Returns a number without what float32 has added to it."""
    return float(f"{value:.6g}")


READINGS: Final[Readings] = {
    "BatchNormalization": batch_normalization,
    "GroupNormalization": group_normalization,
    "InstanceNormalization": instance_normalization,
    "LayerNormalization": layer_normalization,
}
