"""Blocks of networks that are built for few multiply-adds."""

from __future__ import annotations

import math

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.nn.initializers import ZEROS
from vega_tasks.classification.networks.blocks.convolution import (
    HE,
    Activation,
    ConvBn,
    activate,
)


def round_channels(channels: float, divisor: int = 8) -> int:
    """Returns the nearest multiple of ``divisor`` that is not under 90 % of ``channels``.

    This is the rounding of scaled widths of MobileNetV2 (Sandler et al., 2018) and its followers.

    Raises:
        ModelError: There are no channels to round.
    """
    if not 0 < channels < math.inf:
        raise ModelError(f"a width is positive, and its multiplier gives {channels:g} channels")
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * channels else rounded + divisor


class SqueezeExcite(nn.Block):
    """Scales each channel by what the means of all say (Hu et al., 2018).

    Input and output (N, C, H, W).

    Attributes:
        squeeze_channels: Number of channels between the two 1x1 convolutions.
        activation: What follows the first.
        gate: What follows the second.
    """

    squeeze_channels: int
    activation: Activation = "relu"
    gate: Activation = "sigmoid"

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        scale = nn.global_average_pool(x)
        scale = self._conv(self.squeeze_channels, "reduce")(scale)
        scale = activate(scale, self.activation)
        scale = self._conv(x.channels, "expand")(scale)
        return x * activate(scale, self.gate)

    @staticmethod
    def _conv(channels: int, name: str) -> nn.Conv:
        return nn.Conv(channels, 1, weight_init=HE, bias_init=ZEROS, name=name)


class InvertedResidual(nn.Block):
    """Widens, convolves each channel by itself and narrows (Sandler et al., 2018, figure 3b).

    With squeeze and excitation it is the block of MobileNetV3 (Howard et al., 2019, figure 4) and
    EfficientNet (Tan and Le, 2019). The input is added where the shape is kept; the first
    convolution is left out where it would not widen.

    Attributes:
        out_channels: Number of output channels.
        hidden_channels: Number of channels in between.
        kernel_size: Window size of the depthwise convolution; odd.
        stride: Step of the depthwise convolution.
        squeeze_channels: Channels of the squeeze and excitation; 0 leaves it out.
        activation: What follows the first two convolutions.
        squeeze_activation: What is inside the squeeze and excitation.
        gate: What the squeeze and excitation ends with.
        drop_path: Probability that a sample takes the shortcut alone in training (Huang et
            al., 2016), the control ``drop_path.rate``; 0 leaves it out.
        epsilon: Of the normalizations.
        momentum: Of the normalizations.
    """

    out_channels: int
    hidden_channels: int
    kernel_size: int = 3
    stride: int = 1
    squeeze_channels: int = 0
    activation: Activation = "relu6"
    squeeze_activation: Activation = "relu"
    gate: Activation = "sigmoid"
    drop_path: float = 0.0
    epsilon: float = 1e-5
    momentum: float = 0.1

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        act, norm = self.activation, (self.epsilon, self.momentum)
        y = x
        if self.hidden_channels != x.channels:
            y = ConvBn(self.hidden_channels, 1, 1, 1, act, *norm, name="expand")(y)
        size, wide = self.kernel_size, y.channels
        y = ConvBn(wide, size, self.stride, wide, act, *norm, name="depthwise")(y)
        if self.squeeze_channels:
            squeeze = (self.squeeze_channels, self.squeeze_activation, self.gate)
            y = SqueezeExcite(*squeeze, name="squeeze_excite")(y)
        y = ConvBn(self.out_channels, 1, 1, 1, "identity", *norm, name="project")(y)
        if self.stride != 1 or x.shape != y.shape:
            return y
        if self.drop_path:
            y = nn.DropPath(self.drop_path, name="drop_path")(y)
        return x + y
