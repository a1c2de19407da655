"""Residual networks for small pictures."""

from __future__ import annotations

from typing import Literal

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.nn.initializers import KaimingNormal

Shortcut = Literal["projection", "padding"]


class ConvBn(nn.Block):
    """A convolution that keeps the size at stride 1, and a batch normalization.

    Attributes:
        out_channels: Number of output channels.
        kernel_size: Window size along both axes; odd.
        stride: Step between windows.
        groups: Number of channel groups.
    """

    out_channels: int
    kernel_size: int = 3
    stride: int = 1
    groups: int = 1

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        conv = nn.Conv(
            self.out_channels,
            self.kernel_size,
            self.stride,
            groups=self.groups,
            bias=False,
            weight_init=KaimingNormal("fan_out"),
            name="conv",
        )
        return nn.BatchNorm(name="norm")(conv(x))


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
        if x.shape != y.shape:
            x = self._resized(x, y)
        return nn.relu(x + y)

    def _resized(self, x: nn.Tensor, y: nn.Tensor) -> nn.Tensor:
        if self.shortcut == "padding" and x.channels <= y.channels:
            if x.spatial != y.spatial:
                x = nn.max_pool(x, 1, self.stride)
            missing = y.channels - x.channels
            return nn.pad(x, (0, missing // 2, 0, 0, 0, missing - missing // 2, 0, 0))
        return ConvBn(y.channels, 1, self.stride, name="shortcut")(x)


class ResNet(nn.Network):
    """The residual network of the CIFAR experiments (He et al., 2016, section 4.2).

    A 3x3 convolution, three stages of (depth - 2) / 6 basic blocks with ``width``, 2 and 4 times
    ``width`` channels, each later stage at half the resolution, the mean over the pixels and a
    dense layer. Input (N, C, H, W) of any size from 1x1, output (N, num_classes).

    Attributes:
        depth: Number of layers with weights: 6n + 2, so 8, 14, 20, 26, 32, 44, 56, 110.
        width: Channels of the first stage.
        num_classes: Number of outputs.
        shortcut: How shortcuts change shape: ``projection`` (option B) or ``padding`` (A).

    Example:
        >>> graph = nn.trace(ResNet(20), {"image": nn.batched((3, 32, 32))})
        >>> graph.stats().params
        272474
    """

    depth: int = 20
    width: int = 16
    num_classes: int = 10
    shortcut: Shortcut = "projection"

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        if self.depth < 8 or (self.depth - 2) % 6:
            raise ModelError(f"depth is 6n + 2 (8, 14, 20, ...), and got {self.depth}")
        x = nn.relu(ConvBn(self.width, 3, name="stem")(x))
        for stage in range(3):
            for index in range((self.depth - 2) // 6):
                stride = 2 if stage > 0 and index == 0 else 1
                block = BasicBlock(
                    self.width * 2**stage, stride, self.shortcut, name=f"layer{stage + 1}.{index}"
                )
                x = block(x)
        x = nn.flatten(nn.global_average_pool(x))
        return nn.Linear(self.num_classes, name="fc")(x)
