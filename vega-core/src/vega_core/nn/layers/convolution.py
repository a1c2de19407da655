"""Convolutions and their transposes."""

from __future__ import annotations

from typing import Literal

from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.functional.sizes import Sizes, both_sides, each
from vega_core.nn.initializers import Initializer
from vega_core.nn.module import Operator
from vega_core.nn.shapes import Shape
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current


class Conv(Operator):
    """A convolution over one to three spatial axes: (N, C, *spatial) to (N, out_channels, ...).

    Attributes:
        out_channels: Number of output channels.
        kernel_size: Window size: one number or one an axis.
        stride: Step between windows.
        padding: One number, one an axis, all begins and then all ends, or ``same``: as many
            zeros as keep the size at stride 1, half before and half after (odd windows only).
        dilation: Distance between a window's elements.
        groups: Number of channel groups; ``x.channels`` makes it depthwise.
        bias: Whether a bias is added.
        weight_init: How the weight begins; by default as in PyTorch.
        bias_init: How the bias begins; by default as in PyTorch.
    """

    out_channels: int
    kernel_size: Sizes = 3
    stride: Sizes = 1
    padding: Sizes | Literal["same"] = "same"
    dilation: Sizes = 1
    groups: int = 1
    bias: bool = True
    weight_init: Initializer | None = None
    bias_init: Initializer | None = None

    def forward(self, x: Tensor) -> Tensor:
        rank = len(x.spatial)
        kernel, dilations = each(self.kernel_size, rank), each(self.dilation, rank)
        op = ops.Conv(
            self.out_channels,
            kernel,
            each(self.stride, rank),
            self._pads(kernel, dilations),
            dilations,
            self.groups,
            self.bias,
        )
        inits = {"weight": self.weight_init, "bias": self.bias_init}
        return current().emit(op, (x,), inits)[0]

    def _pads(self, kernel: Shape, dilations: Shape) -> Shape:
        if not isinstance(self.padding, str):
            return both_sides(self.padding, len(kernel))
        if self.padding != "same":
            raise ModelError(f"padding is 'same' or numbers, and got {self.padding!r}")
        if any(k % 2 == 0 for k in kernel):
            raise ModelError(f"padding 'same' needs odd windows, and the kernel is {kernel}")
        return tuple(d * (k // 2) for k, d in zip(kernel, dilations, strict=True)) * 2


class ConvTranspose(Operator):
    """A transposed convolution: (N, C, *spatial) to (N, out_channels, *spatial * stride).

    Along an axis of s elements the output has ``stride * (s - 1) + dilation * (kernel_size - 1) + 1
    + output_padding - padding`` elements, the padding of both sides.

    Attributes:
        out_channels: Number of output channels.
        kernel_size: Window size: one number or one an axis.
        stride: Step between windows in the output.
        padding: What is cut from the output: one number, one an axis, or all begins and then all
            ends.
        output_padding: What is added at the ends of the output; less than stride or dilation.
        dilation: Distance between a window's elements.
        groups: Number of channel groups.
        bias: Whether a bias is added.
        weight_init: How the weight begins; by default as in PyTorch.
        bias_init: How the bias begins; by default as in PyTorch.
    """

    out_channels: int
    kernel_size: Sizes = 3
    stride: Sizes = 1
    padding: Sizes = 0
    output_padding: Sizes = 0
    dilation: Sizes = 1
    groups: int = 1
    bias: bool = True
    weight_init: Initializer | None = None
    bias_init: Initializer | None = None

    def forward(self, x: Tensor) -> Tensor:
        rank = len(x.spatial)
        op = ops.ConvTranspose(
            self.out_channels,
            each(self.kernel_size, rank),
            each(self.stride, rank),
            both_sides(self.padding, rank),
            each(self.dilation, rank),
            each(self.output_padding, rank),
            self.groups,
            self.bias,
        )
        init = self.weight_init and self.weight_init.for_transposed(self.groups)
        return current().emit(op, (x,), {"weight": init, "bias": self.bias_init})[0]
