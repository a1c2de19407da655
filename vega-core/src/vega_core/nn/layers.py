"""Operator modules: what has parameters or a control."""

from __future__ import annotations

from typing import Literal

from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.functional.control import control
from vega_core.nn.functional.sizes import Sizes, both_sides, each
from vega_core.nn.initializers import Initializer
from vega_core.nn.module import Operator
from vega_core.nn.shapes import Shape
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current


class Conv(Operator):
    """A convolution over any number of spatial axes: (N, C, *spatial) to (N, out_channels, ...).

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
    """

    out_channels: int
    kernel_size: Sizes = 3
    stride: Sizes = 1
    padding: Sizes | Literal["same"] = "same"
    dilation: Sizes = 1
    groups: int = 1
    bias: bool = True
    weight_init: Initializer | None = None

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
        initializers = {"weight": self.weight_init} if self.weight_init else None
        return current().emit(op, (x,), initializers)[0]

    def _pads(self, kernel: Shape, dilations: Shape) -> Shape:
        if not isinstance(self.padding, str):
            return both_sides(self.padding, len(kernel))
        if self.padding != "same":
            raise ModelError(f"padding is 'same' or numbers, and got {self.padding!r}")
        if any(k % 2 == 0 for k in kernel):
            raise ModelError(f"padding 'same' needs odd windows, and the kernel is {kernel}")
        return tuple(d * (k // 2) for k, d in zip(kernel, dilations, strict=True)) * 2


class Linear(Operator):
    """A dense layer: (N, in) to (N, out_features).

    Attributes:
        out_features: Number of outputs a sample.
        bias: Whether a bias is added.
        weight_init: How the weight begins; by default as in PyTorch.
    """

    out_features: int
    bias: bool = True
    weight_init: Initializer | None = None

    def forward(self, x: Tensor) -> Tensor:
        initializers = {"weight": self.weight_init} if self.weight_init else None
        return current().emit(ops.Gemm(self.out_features, self.bias), (x,), initializers)[0]


class BatchNorm(Operator):
    """Batch normalization of (N, C, ...); see `vega_core.nn.ops.BatchNormalization`.

    Attributes:
        epsilon: Added to the variance.
        momentum: Share of the new value in the running statistics.
        weight_init: How the scale begins; ones by default.
    """

    epsilon: float = 1e-5
    momentum: float = 0.1
    weight_init: Initializer | None = None

    def forward(self, x: Tensor) -> Tensor:
        op = ops.BatchNormalization(self.epsilon, self.momentum)
        initializers = {"weight": self.weight_init} if self.weight_init else None
        return current().emit(op, (x,), initializers)[0]


class Dropout(Operator):
    """Dropout; its rate is the control ``<path>.rate``, so that changing it compiles nothing.

    Attributes:
        rate: Probability of a zero, in [0, 1).
    """

    rate: float = 0.5

    def forward(self, x: Tensor) -> Tensor:
        if not 0 <= self.rate < 1:
            raise ModelError(f"a dropout rate is in [0, 1), and got {self.rate}")
        return x.apply(ops.Dropout(), control("rate", self.rate))
