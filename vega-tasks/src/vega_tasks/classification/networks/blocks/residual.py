"""Residual blocks with the activation after the sum."""

from __future__ import annotations

from typing import Literal, TypeAlias

from vega_core import nn
from vega_tasks.classification.networks.blocks.convolution import ConvBn

Shortcut: TypeAlias = Literal["projection", "padding"]


class BasicBlock(nn.Block):
    """Two 3x3 convolutions and a shortcut (He et al., 2016, figure 2).

    Attributes:
        out_channels: Number of channels of both convolutions.
        stride: Step of the first convolution, and of the shortcut.
        shortcut: What brings the input to the output's shape where they differ: ``projection``, a
            1x1 convolution (option B of the paper), or ``padding``, every
            stride-th pixel and channels of zeros (option A).
    """

    out_channels: int
    stride: int = 1
    shortcut: Shortcut = "projection"

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        y = nn.relu(ConvBn(self.out_channels, 3, self.stride, name="conv1")(x))
        y = ConvBn(self.out_channels, 3, name="conv2")(y)
        return nn.relu(_resized(x, y, self.stride, self.shortcut) + y)


class Bottleneck(nn.Block):
    """A 1x1, a 3x3 and a 1x1 convolution and a shortcut (He et al., 2016, figure 5).

    The stride is the 3x3 convolution's, which the paper gives to the first one: version 1.5, what
    PyTorch's counts and accuracies are of. With groups it is the block of ResNeXt (Xie et al.,
    2017) and of RegNetX (Radosavovic et al., 2020).

    Attributes:
        out_channels: Number of output channels.
        hidden_channels: Number of channels of the first two convolutions.
        stride: Step of the 3x3 convolution, and of the shortcut.
        shortcut: As of `BasicBlock`.
        groups: Number of channel groups of the 3x3 convolution.
    """

    out_channels: int
    hidden_channels: int
    stride: int = 1
    shortcut: Shortcut = "projection"
    groups: int = 1

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        y = nn.relu(ConvBn(self.hidden_channels, 1, name="conv1")(x))
        conv2 = ConvBn(self.hidden_channels, 3, self.stride, self.groups, name="conv2")
        y = ConvBn(self.out_channels, 1, name="conv3")(nn.relu(conv2(y)))
        return nn.relu(_resized(x, y, self.stride, self.shortcut) + y)


def _resized(x: nn.Tensor, y: nn.Tensor, stride: int, shortcut: Shortcut) -> nn.Tensor:
    """Returns x in the shape of y."""
    if x.shape == y.shape:
        return x
    if shortcut == "padding" and x.channels <= y.channels:
        if x.spatial != y.spatial:
            x = nn.max_pool(x, 1, stride)
        missing = y.channels - x.channels
        return nn.pad(x, (0, missing // 2, 0, 0, 0, missing - missing // 2, 0, 0))
    return ConvBn(y.channels, 1, stride, name="shortcut")(x)
