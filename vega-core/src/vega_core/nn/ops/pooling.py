"""Pooling over windows of one size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import FLOATS, taken
from vega_core.nn.ops.convolution import patches_of
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, show, windows


@dataclass(frozen=True)
class MaxPool(Primitive):
    """ONNX MaxPool: the largest element of each window; padding never wins.

    Input (N, C, *spatial), output (N, C, *spatial').

    Attributes:
        kernel_shape: Window sizes.
        strides: Steps between windows.
        pads: Padding, first all begins and then all ends; at most half of the window.
        dilations: Distances between a window's elements.
        ceil_mode: Whether a window may overhang the end.
    """

    kernel_shape: Shape
    strides: Shape
    pads: Shape
    dilations: Shape
    ceil_mode: bool = False

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1, FLOATS)
        (result,) = _infer(x, self, self.dilations)
        if max(self.dilations) > 1 and not self._all_see(x.shape[2:], result.shape[2:]):
            raise ShapeError(
                f"a window {show(self.kernel_shape)} dilated by {show(self.dilations)} and padded "
                f"by {self.pads} sees nothing of {show(x.shape)}"
            )
        return (result,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        pads = _overhang(self, call.inputs[0].shape[2:], self.dilations)
        patches = patches_of(
            call.inputs[0], self.kernel_shape, self.strides, pads, self.dilations, -np.inf
        )
        return (patches.max(tuple(range(-len(self.kernel_shape), 0))),)

    def _all_see(self, spatial: Sequence[int], counts: Sequence[int]) -> bool:
        """Returns whether every window holds an element of the input."""
        return all(
            any(0 <= begin + k * step < size for k in range(kernel))
            for size, count, stride, pad, kernel, step in zip(
                spatial,
                counts,
                self.strides,
                self.pads[: len(spatial)],
                self.kernel_shape,
                self.dilations,
                strict=True,
            )
            for begin in range(-pad, count * stride - pad, stride)
        )


@dataclass(frozen=True)
class AveragePool(Primitive):
    """ONNX AveragePool: the mean of each window.

    Input (N, C, *spatial), output (N, C, *spatial').

    Attributes:
        kernel_shape: Window sizes.
        strides: Steps between windows.
        pads: Padding, first all begins and then all ends; at most half of the window.
        ceil_mode: Whether a window may overhang the end; what overhangs never counts.
        count_include_pad: Whether the padding counts as zeros, or not at all.
    """

    kernel_shape: Shape
    strides: Shape
    pads: Shape
    ceil_mode: bool = False
    count_include_pad: bool = False

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1, FLOATS)
        return _infer(x, self, (1,) * len(self.kernel_shape))

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,), ones = call.inputs, (1,) * len(self.kernel_shape)
        whole = _overhang(self, x.shape[2:], ones)
        beyond = tuple(a - b for a, b in zip(whole, self.pads, strict=True))
        rank = len(self.kernel_shape)
        around = [(0, 0), (0, 0), *zip(self.pads[:rank], self.pads[rank:], strict=True)]
        counts = np.ones((1, 1, *x.shape[2:]), x.dtype)
        counts = np.pad(counts, around, constant_values=float(self.count_include_pad))
        axes = tuple(range(-rank, 0))
        padded = np.pad(x, around)
        total = patches_of(padded, self.kernel_shape, self.strides, beyond, ones).sum(axes)
        count = patches_of(counts, self.kernel_shape, self.strides, beyond, ones).sum(axes)
        return (total / count,)


def _infer(x: TensorSpec, op: MaxPool | AveragePool, dilations: Shape) -> tuple[TensorSpec, ...]:
    if len(x.shape) != len(op.kernel_shape) + 2:
        raise ShapeError(f"a pooling over {show(op.kernel_shape)} got {show(x.shape)}")
    spatial = windows(x.shape[2:], op.kernel_shape, op.strides, op.pads, dilations, op.ceil_mode)
    if any(2 * p > k for p, k in zip(op.pads, op.kernel_shape * 2, strict=True)):
        raise ShapeError(f"pads {op.pads} are more than half of the window {op.kernel_shape}")
    return (TensorSpec((*x.shape[:2], *spatial), x.dtype),)


def _overhang(op: MaxPool | AveragePool, spatial: Sequence[int], dilations: Shape) -> Shape:
    """Returns the pads, longer at the end by what the last window overhangs."""
    rank = len(op.kernel_shape)
    counts = windows(spatial, op.kernel_shape, op.strides, op.pads, dilations, op.ceil_mode)
    ends = []
    for axis in range(rank):
        reach = dilations[axis] * (op.kernel_shape[axis] - 1) + 1
        need = (counts[axis] - 1) * op.strides[axis] + reach
        ends.append(max(op.pads[rank + axis], need - spatial[axis] - op.pads[axis]))
    return (*op.pads[:rank], *ends)
