"""Normalization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import tensorflow as tf

from vega_backend_tf.lowering.site import Lowering, Site, Tensor
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def batch_normalization(op: ops.BatchNormalization, site: Site) -> Tensor:
    """Lowers BatchNormalization: TensorFlow's kernel in training, or its parts under XLA.

    XLA would compute the kernel's variance as a difference of two large numbers.
    """
    x, params = site.inputs[0], site.params
    if op.mode != "train":
        mean, variance = params["running_mean"], params["running_var"]
        scale = tf.math.rsqrt(variance + op.epsilon)
        if op.affine:
            scale = scale * params["weight"]
        shift = (params["bias"] if op.affine else 0) - mean * scale
        return x * site.by_channel(scale) + site.by_channel(shift)
    if site.fused and site.last and x.dtype == tf.float32:
        y, mean, variance = _kernel(op, site)
    else:
        y, mean, variance = _by_parts(op, site)
        mean = params["running_mean"] * (1 - op.momentum) + mean * op.momentum
        variance = params["running_var"] * (1 - op.momentum) + variance * op.momentum
    for role, value in (("running_mean", mean), ("running_var", variance)):
        if role in site.moving:
            site.move(role, value)
    return y


def _kernel(op: ops.BatchNormalization, site: Site) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the output, and the statistics after the step."""
    x, params = site.inputs[0], site.params
    channels = site.specs[0].shape[1]
    pictures = x if site.rank == 4 else tf.reshape(x, (-1, 1, 1, channels))
    # The kernel takes no old statistics where nothing is left of them.
    old = op.momentum < 1
    y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=pictures,
        scale=params["weight"] if op.affine else tf.ones(channels),
        offset=params["bias"] if op.affine else tf.zeros(channels),
        mean=params["running_mean"] if old else tf.zeros(0),
        variance=params["running_var"] if old else tf.zeros(0),
        epsilon=op.epsilon,
        exponential_avg_factor=op.momentum,
        is_training=True,
    )
    return y if site.rank == 4 else tf.reshape(y, tf.shape(x)), mean, variance


def _by_parts(op: ops.BatchNormalization, site: Site) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the output, and the mean and the unbiased variance of the batch."""
    x = site.inputs[0]
    axes = [axis for axis in range(site.rank) if axis != site.axis(1)]
    mean = tf.reduce_mean(x, axes)
    centred = x - site.by_channel(mean)
    variance = tf.reduce_mean(centred * centred, axes)
    scale = tf.math.rsqrt(variance + op.epsilon)
    if op.affine:
        scale = scale * site.params["weight"]
    y = centred * site.by_channel(scale)
    if op.affine:
        y = y + site.by_channel(site.params["bias"])
    count = tf.cast(tf.size(x), x.dtype) / site.specs[0].shape[1]
    return y, mean, variance * (count / (count - 1))


def layer_normalization(op: ops.LayerNormalization, site: Site) -> Tensor:
    """Lowers LayerNormalization."""
    (x,), rank = site.inputs, site.rank
    first = op.axis % rank
    y = _normalized(x, list(range(first, rank)), op.epsilon)
    if not op.affine:
        return y
    shape = site.specs[0].shape[first:]
    return y * tf.reshape(_plain(site, "weight"), shape) + tf.reshape(_plain(site, "bias"), shape)


def group_normalization(op: ops.GroupNormalization, site: Site) -> Tensor:
    """Lowers GroupNormalization."""
    (x,), (spec,) = site.inputs, site.specs
    (samples,) = site.sizes(spec.shape[:1])
    groups, channels = op.num_groups, spec.shape[1]
    apart = tf.reshape(x, (samples, -1, groups, channels // groups))
    y = tf.reshape(_normalized(apart, [1, 3], op.epsilon), tf.shape(x))
    return _affine(y, op.affine, site)


def instance_normalization(op: ops.InstanceNormalization, site: Site) -> Tensor:
    """Lowers InstanceNormalization."""
    axes = site.axes(range(2, site.rank))
    return _affine(_normalized(site.inputs[0], axes, op.epsilon), op.affine, site)


def _normalized(x: Tensor, axes: list[int], epsilon: float) -> Tensor:
    centred = x - tf.reduce_mean(x, axes, keepdims=True)
    variance = tf.reduce_mean(centred * centred, axes, keepdims=True)
    return centred * tf.math.rsqrt(variance + epsilon)


def _affine(y: Tensor, wanted: bool, site: Site) -> Tensor:
    if not wanted:
        return y
    weight, bias = (site.by_channel(site.params[role]) for role in ("weight", "bias"))
    return y * weight + bias


def _plain(site: Site, role: str) -> Tensor:
    """Returns a parameter with its axes in the graph's order."""
    value = site.params[role]
    rank = len(value.shape)
    return tf.transpose(value, (rank - 1, rank - 2, *range(rank - 2))) if rank > 2 else value


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.BatchNormalization: batch_normalization,
    ops.GroupNormalization: group_normalization,
    ops.InstanceNormalization: instance_normalization,
    ops.LayerNormalization: layer_normalization,
}
