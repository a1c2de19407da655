"""Convolution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.initializers import KaimingUniform, Uniform
from vega_core.nn.primitive import Call, ParameterSpec, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, show, windows


@dataclass(frozen=True)
class Conv(Primitive):
    """ONNX Conv: cross-correlation over any number of spatial axes.

    Input (N, C, *spatial), output (N, out_channels, *spatial'). Parameters: ``weight``
    (out_channels, C / group, *kernel_shape) and, with ``bias``, ``bias`` (out_channels,).

    Attributes:
        out_channels: Number of output channels.
        kernel_shape: Window sizes.
        strides: Steps between windows.
        pads: Zeros around the input, first all begins and then all ends.
        dilations: Distances between a window's elements.
        group: Number of channel groups; the number of input channels makes it depthwise.
        bias: Whether a bias is added.
    """

    out_channels: int
    kernel_shape: Shape
    strides: Shape
    pads: Shape
    dilations: Shape
    group: int = 1
    bias: bool = True

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        if len(x.shape) != len(self.kernel_shape) + 2:
            raise ShapeError(
                f"a convolution with kernel {show(self.kernel_shape)} needs a batch, channels and "
                f"{len(self.kernel_shape)} spatial axes, and got {show(x.shape)}"
            )
        channels = x.shape[1]
        if self.out_channels < 1 or self.group < 1 or channels < 1:
            raise ShapeError(
                f"a convolution needs positive channels and groups: {self.out_channels} output "
                f"channels and {self.group} groups on {show(x.shape)}"
            )
        if channels % self.group or self.out_channels % self.group:
            raise ShapeError(
                f"{self.group} groups must divide the {channels} input channels of {show(x.shape)} "
                f"and the {self.out_channels} output channels"
            )
        spatial = windows(x.shape[2:], self.kernel_shape, self.strides, self.pads, self.dilations)
        return (TensorSpec((x.shape[0], self.out_channels, *spatial), x.dtype),)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        (x,) = inputs
        shape = (self.out_channels, x.shape[1] // self.group, *self.kernel_shape)
        specs = {"weight": ParameterSpec(shape, KaimingUniform())}
        if self.bias:
            bound = 1 / math.sqrt(math.prod(shape[1:]))
            specs["bias"] = ParameterSpec((self.out_channels,), Uniform(bound), "bias")
        return specs

    def macs(self, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> int:
        window = math.prod(self.kernel_shape) * inputs[0].shape[1] // self.group
        return outputs[0].per_sample * window

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,), weight = call.inputs, call.params["weight"]
        patches = patches_of(x, self.kernel_shape, self.strides, self.pads, self.dilations)
        rank, per_group = len(self.kernel_shape), x.shape[1] // self.group
        spatial = patches.shape[2 : 2 + rank]
        grouped = patches.reshape(x.shape[0], self.group, per_group, *spatial, *self.kernel_shape)
        kernels = weight.reshape(self.group, -1, *weight.shape[1:])
        window = "uvwxyz"[:rank]
        place = "hijklm"[:rank]
        y = np.einsum(f"ngc{place}{window},goc{window}->ngo{place}", grouped, kernels)
        y = y.reshape(x.shape[0], self.out_channels, *spatial)
        if self.bias:
            y = y + call.params["bias"].reshape(1, -1, *(1,) * rank)
        return (y,)


def patches_of(
    x: Array,
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
    fill: float = 0.0,
) -> Array:
    """Returns the windows of an array (N, C, *spatial) as (N, C, *positions, *kernel)."""
    rank = len(kernel)
    around = [(0, 0), (0, 0), *zip(pads[:rank], pads[rank:], strict=True)]
    padded = np.pad(x, around, constant_values=fill)
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    views = np.lib.stride_tricks.sliding_window_view(padded, reach, tuple(range(2, 2 + rank)))
    step = tuple(slice(None, None, s) for s in strides)
    inside = tuple(slice(None, None, d) for d in dilations)
    everything = (slice(None), slice(None))
    picked: Array = views[everything + step + inside]
    return picked
