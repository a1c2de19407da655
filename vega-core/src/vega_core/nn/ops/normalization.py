"""Normalization by statistics of the batch, of a layer, of groups of channels, of a channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.initializers import ONES, ZEROS
from vega_core.nn.ops.checks import FLOATS, taken
from vega_core.nn.primitive import Call, Mode, ParameterSpec, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, axis_of, show


@dataclass(frozen=True)
class BatchNormalization(Primitive):
    """ONNX BatchNormalization (Ioffe and Szegedy, 2015), one definition for every backend.

    Input and output (N, C, *spatial). In training the batch's mean and *biased* variance
    normalize, and ``running = (1 - momentum) * running + momentum * batch`` with the *unbiased*
    variance; in evaluation the running statistics normalize. Parameters, all (C,):
    ``running_mean``, ``running_var`` and, with ``affine``, ``weight`` and ``bias``.

    Attributes:
        epsilon: Added to the variance.
        momentum: Share of the new value (PyTorch's sense; ONNX's is one minus it).
        mode: Fixed here, or None: as the graph runs.
        affine: Whether a scale and a shift follow.
    """

    epsilon: float = 1e-5
    momentum: float = 0.1
    mode: Mode | None = None
    affine: bool = True

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = _channelled(self, inputs, self.epsilon)
        if not 0 <= self.momentum <= 1:
            raise ShapeError(f"a share of the new value is in [0, 1], and got {self.momentum}")
        return (x,)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        (x,) = inputs
        shape = (x.shape[1],)
        return {
            **_affine(self.affine, shape, x.dtype),
            "running_mean": ParameterSpec(shape, ZEROS, "statistic", x.dtype),
            "running_var": ParameterSpec(shape, ONES, "statistic", x.dtype),
        }

    def in_mode(self, mode: Mode) -> BatchNormalization:
        return self if self.mode else replace(self, mode=mode)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        shape = (-1, *(1,) * (x.ndim - 2))
        if self.mode == "train":
            y = _normalized(x, _but_channels(x), self.epsilon)
        else:
            mean = call.params["running_mean"].reshape(shape)
            variance = call.params["running_var"].reshape(shape)
            y = (x - mean) / np.sqrt(variance + self.epsilon)
        return (_scaled(y, call, shape),)

    def updates(self, call: Call) -> Mapping[str, Array]:
        if self.mode != "train":
            return {}
        (x,) = call.inputs
        axes, keep = _but_channels(x), 1 - self.momentum
        mean, variance = x.mean(axes), x.var(axes, ddof=1)
        return {
            "running_mean": keep * call.params["running_mean"] + self.momentum * mean,
            "running_var": keep * call.params["running_var"] + self.momentum * variance,
        }


@dataclass(frozen=True)
class LayerNormalization(Primitive):
    """ONNX LayerNormalization (Ba, Kiros and Hinton, 2016): over the last axes of each sample.

    Input and output of one shape. Parameters, with ``affine``: ``weight`` and ``bias``, both of the
    shape of the normalized axes.

    Attributes:
        axis: The first of the axes that are normalized together; the last is the input's last.
        epsilon: Added to the variance.
        affine: Whether a scale and a shift follow.
    """

    axis: int = -1
    epsilon: float = 1e-5
    affine: bool = True

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1, FLOATS)
        _check_epsilon(self.epsilon)
        if min(x.shape[axis_of(self.axis, x.shape) :]) < 1:
            raise ShapeError(
                f"a layer normalization from axis {self.axis} of {show(x.shape)} needs axes of "
                "known size, without the batch"
            )
        return (x,)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        (x,) = inputs
        return _affine(self.affine, x.shape[axis_of(self.axis, x.shape) :], x.dtype)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        axes = tuple(range(self.axis % x.ndim, x.ndim))
        return (_scaled(_normalized(x, axes, self.epsilon), call, x.shape[axes[0] :]),)


@dataclass(frozen=True)
class GroupNormalization(Primitive):
    """ONNX GroupNormalization (Wu and He, 2018): over groups of channels of each sample.

    Input and output (N, C, *spatial). Parameters, with ``affine``: ``weight`` and ``bias`` (C,).

    Attributes:
        num_groups: Number of groups; it divides the channels.
        epsilon: Added to the variance.
        affine: Whether a scale and a shift follow.
    """

    num_groups: int
    epsilon: float = 1e-5
    affine: bool = True

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = _channelled(self, inputs, self.epsilon)
        if self.num_groups < 1 or x.shape[1] % self.num_groups or min(x.shape[1:]) < 1:
            raise ShapeError(f"{self.num_groups} groups do not divide the channels of {x}")
        return (x,)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        (x,) = inputs
        return _affine(self.affine, (x.shape[1],), x.dtype)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        groups = x.reshape(x.shape[0], self.num_groups, x[:1].size // self.num_groups)
        y = _normalized(groups, (2,), self.epsilon).reshape(x.shape)
        return (_scaled(y, call, (-1, *(1,) * (x.ndim - 2))),)


@dataclass(frozen=True)
class InstanceNormalization(Primitive):
    """ONNX InstanceNormalization (Ulyanov et al., 2016): over each channel of each sample.

    Input and output (N, C, *spatial). Parameters, with ``affine``: ``weight`` and ``bias`` (C,).

    Attributes:
        epsilon: Added to the variance.
        affine: Whether a scale and a shift follow.
    """

    epsilon: float = 1e-5
    affine: bool = True

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = _channelled(self, inputs, self.epsilon)
        if len(x.shape) < 3 or min(x.shape[1:]) < 1:
            raise ShapeError(f"an instance normalization needs (N, C, spatial), and got {x}")
        return (x,)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        (x,) = inputs
        return _affine(self.affine, (x.shape[1],), x.dtype)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        y = _normalized(x, tuple(range(2, x.ndim)), self.epsilon)
        return (_scaled(y, call, (-1, *(1,) * (x.ndim - 2))),)


def _channelled(op: Primitive, inputs: tuple[TensorSpec, ...], epsilon: float) -> tuple[TensorSpec]:
    (x,) = taken(op, inputs, 1, FLOATS)
    _check_epsilon(epsilon)
    if len(x.shape) < 2 or x.shape[1] < 1 or 0 in x.shape:
        raise ShapeError(f"{type(op).__name__} needs (N, C, ...), and got {x}")
    return (x,)


def _check_epsilon(epsilon: float) -> None:
    if not 0 <= epsilon < 1:
        raise ShapeError(f"what is added to a variance is small and not negative: {epsilon}")


def _affine(wanted: bool, shape: Shape, dtype: str) -> dict[str, ParameterSpec]:
    if not wanted:
        return {}
    return {
        "weight": ParameterSpec(shape, ONES, "norm", dtype),
        "bias": ParameterSpec(shape, ZEROS, "norm", dtype),
    }


def _normalized(x: Array, axes: tuple[int, ...], epsilon: float) -> Array:
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    result: Array = (x - mean) / np.sqrt(variance + epsilon)
    return result


def _scaled(y: Array, call: Call, shape: Shape) -> Array:
    if "weight" not in call.params:
        return y
    result: Array = y * call.params["weight"].reshape(shape) + call.params["bias"].reshape(shape)
    return result


def _but_channels(x: Array) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))
