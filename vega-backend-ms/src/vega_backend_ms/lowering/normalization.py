"""Normalization."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from mindspore import ops as ms_ops

from vega_backend_ms.lowering.types import element_type, scalar
from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import Shape, axis_of

_STATISTICS: Final = ("running_mean", "running_var")

_mean: Final = ms_ops.ReduceMean()


def batch_normalization(op: ops.BatchNormalization, site: Site) -> str:
    """Lowers BatchNormalization; statistics that do not move are kept from MindSpore."""
    (x,), (spec,), p = site.inputs, site.specs, site.params
    if spec.dtype == "float64":
        return _composed(op, site)
    training, channels, rank = op.mode == "train", spec.shape[1:2], len(spec.shape)
    mean, variance = (
        unit if training and role not in site.moving else p[role]
        for role, unit in zip(_STATISTICS, _units(channels, spec.dtype), strict=True)
    )
    kernel = f"BatchNorm({literals(training, op.epsilon, op.momentum)})"
    arguments = f"{_affine(site, channels)}, {mean}, {variance}"
    if rank <= 4:
        return f"{kernel}({x}, {arguments})[0]"
    flat = f"ops.reshape({x}, (-1, {channels[0]}, 1, {math.prod(spec.shape[2:])}))"
    return f"ops.reshape({kernel}({flat}, {arguments})[0], {x}.shape)"


def layer_normalization(op: ops.LayerNormalization, site: Site) -> str:
    """Lowers LayerNormalization."""
    shape = site.specs[0].shape
    axis = axis_of(op.axis, shape)
    return _layers(site.inputs[0], _affine(site, shape[axis:]), axis, op.epsilon, site)


def group_normalization(op: ops.GroupNormalization, site: Site) -> str:
    """Lowers GroupNormalization."""
    return _by_group(site, op.num_groups, op.epsilon)


def instance_normalization(op: ops.InstanceNormalization, site: Site) -> str:
    """Lowers InstanceNormalization, which is one of groups of one channel."""
    return _by_group(site, site.specs[0].shape[1], op.epsilon)


def _by_group(site: Site, groups: int, epsilon: float) -> str:
    """Returns the normalization of groups of channels: of layers that are they, then scaled."""
    (x,), (spec,), p = site.inputs, site.specs, site.params
    size = math.prod(spec.shape[1:]) // groups
    units = ", ".join(_units((size,), spec.dtype))
    flat = f"ops.reshape({x}, (-1, {groups}, {size}))"
    y = f"ops.reshape({_layers(flat, units, 2, epsilon, site)}, {x}.shape)"
    if "weight" not in p:
        return y
    weight, bias = (_by_channel(p[role], len(spec.shape)) for role in ("weight", "bias"))
    return f"{y} * {weight} + {bias}"


def _layers(x: str, affine: str, axis: int, epsilon: float, site: Site) -> str:
    """Returns the normalization from an axis on.

    It is composed: MindSpore's kernel computes float64 in float32, and its gradient fails now and
    then in a process that has differentiated much else ("index 7 is out of range").
    """
    return f"of_layer({x}, {affine}, {axis}, {scalar(epsilon, site.specs[0].dtype)})"


def of_layer(x: Any, scale: Any, shift: Any, axis: int, epsilon: Any) -> Any:
    """Returns the normalization of the axes from one on."""
    axes = tuple(range(axis, x.ndim))
    apart = x - ms_ops.ReduceMean(True)(x, axes)
    variance = ms_ops.ReduceMean(True)(apart * apart, axes)
    return apart / ms_ops.sqrt(variance + epsilon) * scale + shift


def of_batch(
    x: Any, scale: Any, shift: Any, mean: Any, variance: Any, epsilon: Any, momentum: Any
) -> Any:
    """Returns the normalization by the batch's statistics, and moves the running ones.

    Args:
        x: The input, (N, C, *spatial).
        scale: Factor of each channel.
        shift: What is added to each channel.
        mean: Running mean, or None where it does not move.
        variance: Running variance, or None where it does not move.
        epsilon: Added to the variance.
        momentum: Share of the new value.
    """
    axes = (0, *range(2, x.ndim))
    shape = (-1,) + (1,) * (x.ndim - 2)
    new_mean = _mean(x, axes)
    apart = x - ms_ops.reshape(new_mean, shape)
    new_variance = _mean(apart * apart, axes)
    if mean is not None:
        ms_ops.assign(mean, mean + (ms_ops.stop_gradient(new_mean) - mean) * momentum)
    if variance is not None:
        count = x.size // x.shape[1]
        unbiased = ms_ops.stop_gradient(new_variance) * count / (count - 1)
        ms_ops.assign(variance, variance + (unbiased - variance) * momentum)
    y = apart / ms_ops.sqrt(ms_ops.reshape(new_variance, shape) + epsilon)
    return y * ms_ops.reshape(scale, shape) + ms_ops.reshape(shift, shape)


def by_statistics(x: Any, scale: Any, shift: Any, mean: Any, variance: Any, epsilon: Any) -> Any:
    """Returns the normalization by running statistics; see `of_batch`."""
    shape = (-1,) + (1,) * (x.ndim - 2)
    factor = scale / ms_ops.sqrt(variance + epsilon)
    return (x - ms_ops.reshape(mean, shape)) * ms_ops.reshape(factor, shape) + ms_ops.reshape(
        shift, shape
    )


def _composed(op: ops.BatchNormalization, site: Site) -> str:
    """Returns the normalization of float64, of which MindSpore has no kernel."""
    p, dtype = site.params, site.specs[0].dtype
    arguments = f"{site.inputs[0]}, {_affine(site, site.specs[0].shape[1:2])}"
    epsilon = scalar(op.epsilon, dtype)
    if op.mode != "train":
        running = ", ".join(p[role] for role in _STATISTICS)
        return f"by_statistics({arguments}, {running}, {epsilon})"
    moving = ", ".join(p[role] if role in site.moving else "None" for role in _STATISTICS)
    return f"of_batch({arguments}, {moving}, {epsilon}, {scalar(op.momentum, dtype)})"


def _affine(site: Site, shape: Shape) -> str:
    """Returns the scale and the shift, which MindSpore always asks for."""
    p = site.params
    if "weight" in p:
        return f"{p['weight']}, {p['bias']}"
    return ", ".join(_units(shape, site.specs[0].dtype))


def _units(shape: Shape, dtype: str) -> tuple[str, str]:
    arguments = f"({literal(shape)}, {element_type(dtype)})"
    return f"ops.ones{arguments}", f"ops.zeros{arguments}"


def _by_channel(values: str, rank: int) -> str:
    return f"ops.reshape({values}, (-1{', 1' * (rank - 2)}))" if rank > 2 else values


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.BatchNormalization: batch_normalization,
    ops.GroupNormalization: group_normalization,
    ops.InstanceNormalization: instance_normalization,
    ops.LayerNormalization: layer_normalization,
}
