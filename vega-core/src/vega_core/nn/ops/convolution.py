"""Convolutions and their transposes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.initializers import KaimingUniform, Uniform
from vega_core.nn.ops.checks import check_weight, weighed, weight_of
from vega_core.nn.primitive import Call, ParameterSpec, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, check_windows, show, windows


@dataclass(frozen=True)
class Conv(Primitive):
    """ONNX Conv: cross-correlation over one to three spatial axes.

    Input (N, C, *spatial), output (N, out_channels, *spatial'). Parameters: ``weight``
    (out_channels, C / group, *kernel_shape) and, with ``bias``, ``bias`` (out_channels,). A second
    input is the weight, where it is computed.

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
        x = weighed(self, inputs)
        _check_channels(self, x)
        check_weight(inputs, self._weight_shape(x))
        spatial = windows(x.shape[2:], self.kernel_shape, self.strides, self.pads, self.dilations)
        return (TensorSpec((x.shape[0], self.out_channels, *spatial), x.dtype),)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        x, *given = inputs
        shape = self._weight_shape(x)
        own = {} if given else {"weight": ParameterSpec(shape, KaimingUniform(), dtype=x.dtype)}
        return own | _bias(self, shape, x)

    def _weight_shape(self, x: TensorSpec) -> Shape:
        return (self.out_channels, x.shape[1] // self.group, *self.kernel_shape)

    def macs(self, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> int:
        window = math.prod(self.kernel_shape) * inputs[0].shape[1] // self.group
        return outputs[0].per_sample * window

    def reference(self, call: Call) -> tuple[Array, ...]:
        x, weight = call.inputs[0], weight_of(call)
        patches = patches_of(x, self.kernel_shape, self.strides, self.pads, self.dilations)
        rank, per_group = len(self.kernel_shape), x.shape[1] // self.group
        spatial = patches.shape[2 : 2 + rank]
        grouped = patches.reshape(x.shape[0], self.group, per_group, *spatial, *self.kernel_shape)
        kernels = weight.reshape(self.group, -1, *weight.shape[1:])
        window, place = "uvw"[:rank], "hij"[:rank]
        y = np.einsum(f"ngc{place}{window},goc{window}->ngo{place}", grouped, kernels)
        return (_with_bias(y.reshape(x.shape[0], self.out_channels, *spatial), call),)


@dataclass(frozen=True)
class ConvTranspose(Primitive):
    """ONNX ConvTranspose: the gradient of a convolution by its input, which makes sizes grow.

    Input (N, C, *spatial), output (N, out_channels, *spatial'). Along an axis the output has
    ``stride * (size - 1) + dilation * (kernel - 1) + 1 + output_padding - pads`` elements.
    Parameters: ``weight`` (C, out_channels / group, *kernel_shape) and, with ``bias``, ``bias``
    (out_channels,). A second input is the weight, where it is computed.

    Attributes:
        out_channels: Number of output channels.
        kernel_shape: Window sizes.
        strides: Steps between windows in the output.
        pads: What is cut from the output, first all begins and then all ends.
        dilations: Distances between a window's elements.
        output_padding: What is added at the ends of the output; less than stride or dilation.
        group: Number of channel groups.
        bias: Whether a bias is added.
    """

    out_channels: int
    kernel_shape: Shape
    strides: Shape
    pads: Shape
    dilations: Shape
    output_padding: Shape
    group: int = 1
    bias: bool = True

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        x = weighed(self, inputs)
        _check_channels(self, x)
        check_weight(inputs, self._weight_shape(x))
        check_windows(x.shape[2:], self.kernel_shape, self.strides, self.pads, self.dilations)
        more, larger = self.output_padding, map(max, self.strides, self.dilations)
        if len(more) != len(self.kernel_shape) or not all(map(_below, more, larger)):
            raise ShapeError(
                f"output padding {more} must be less than the strides {self.strides} or the "
                f"dilations {self.dilations}, and none of it negative"
            )
        spatial = self._sizes(x.shape[2:])
        if min(*x.shape[2:], *spatial) < 1:
            raise ShapeError(
                f"a transposed convolution of {show(x.shape)} with kernel "
                f"{show(self.kernel_shape)} and pads {self.pads} leaves {show(spatial)}"
            )
        return (TensorSpec((x.shape[0], self.out_channels, *spatial), x.dtype),)

    def parameters(self, *inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        x, *given = inputs
        shape = self._weight_shape(x)
        # PyTorch's start: it takes the second axis for the inputs here too.
        init = KaimingUniform("fan_out", transposed=True, groups=self.group)
        own = {} if given else {"weight": ParameterSpec(shape, init, dtype=x.dtype)}
        return own | _bias(self, shape, x)

    def _weight_shape(self, x: TensorSpec) -> Shape:
        return (x.shape[1], self.out_channels // self.group, *self.kernel_shape)

    def macs(self, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> int:  # noqa: ARG002
        window = math.prod(self.kernel_shape) * self.out_channels // self.group
        return inputs[0].per_sample * window

    def reference(self, call: Call) -> tuple[Array, ...]:
        x, weight = call.inputs[0], weight_of(call)
        samples, channels, *spatial = x.shape
        groups, per_group = self.group, channels // self.group
        grouped = x.reshape(samples, groups, per_group, *spatial)
        kernels = weight.reshape(groups, per_group, -1, math.prod(self.kernel_shape))
        sizes, everything = self._sizes(spatial), (slice(None), slice(None))
        ends = [begin + size for begin, size in zip(self.pads, sizes, strict=False)]
        full = np.zeros((samples, self.out_channels, *map(max, self._full(spatial), ends)), x.dtype)
        for number, place in enumerate(np.ndindex(*self.kernel_shape)):
            part = np.einsum("ngi...,gio->ngo...", grouped, kernels[..., number])
            full[everything + self._targets(place, spatial)] += part.reshape(samples, -1, *spatial)
        inside = tuple(map(slice, self.pads, ends))
        return (_with_bias(full[everything + inside], call),)

    def _full(self, spatial: Sequence[int]) -> list[int]:
        """Returns the sizes before anything is cut or added."""
        sizes = zip(spatial, self.kernel_shape, self.strides, self.dilations, strict=True)
        return [s * (size - 1) + d * (k - 1) + 1 for size, k, s, d in sizes]

    def _sizes(self, spatial: Sequence[int]) -> tuple[int, ...]:
        rank = len(spatial)
        cut = map(sum, zip(self.pads[:rank], self.pads[rank:], strict=True))
        sizes = zip(self._full(spatial), cut, self.output_padding, strict=True)
        return tuple([full - less + more for full, less, more in sizes])

    def _targets(self, place: Sequence[int], spatial: Sequence[int]) -> tuple[slice, ...]:
        """Returns where the products with one element of the kernel are added."""
        sizes = zip(place, self.dilations, self.strides, spatial, strict=True)
        return tuple([slice(k * d, k * d + s * (size - 1) + 1, s) for k, d, s, size in sizes])


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


def _check_channels(op: Conv | ConvTranspose, x: TensorSpec) -> None:
    rank = len(op.kernel_shape)
    if len(x.shape) != rank + 2:
        raise ShapeError(
            f"a convolution with kernel {show(op.kernel_shape)} needs a batch, channels and "
            f"{rank} spatial axes, and got {show(x.shape)}"
        )
    channels = x.shape[1]
    if op.out_channels < 1 or op.group < 1 or channels < 1:
        raise ShapeError(
            f"a convolution needs positive channels and groups: {op.out_channels} output "
            f"channels and {op.group} groups on {show(x.shape)}"
        )
    if channels % op.group or op.out_channels % op.group:
        raise ShapeError(
            f"{op.group} groups must divide the {channels} input channels of {show(x.shape)} "
            f"and the {op.out_channels} output channels"
        )


def _bias(op: Conv | ConvTranspose, weight: Shape, x: TensorSpec) -> dict[str, ParameterSpec]:
    """Returns the bias as PyTorch starts it: by the second and later axes of the weight."""
    if not op.bias:
        return {}
    bound = Uniform(1 / math.sqrt(math.prod(weight[1:])))
    return {"bias": ParameterSpec((op.out_channels,), bound, "bias", x.dtype)}


def _with_bias(y: Array, call: Call) -> Array:
    bias = call.params.get("bias")
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2))


def _below(value: int, bound: int) -> bool:
    return 0 <= value < bound
