"""Residual blocks with normalization and activation before each convolution."""

from __future__ import annotations

from vega_core import nn
from vega_tasks.classification.networks.blocks.convolution import HE


def norm_relu(x: nn.Tensor, name: str) -> nn.Tensor:
    """Returns the activation of a batch normalization that has a name of its own."""
    return nn.relu(nn.BatchNorm(name=name)(x))


def _conv(channels: int, size: int, stride: int, name: str) -> nn.Conv:
    return nn.Conv(channels, size, stride, bias=False, weight_init=HE, name=name)


class PreActBlock(nn.Block):
    """Two 3x3 convolutions on activated inputs (He et al., 2016b, figure 1b).

    Where the shape changes, the shortcut is a 1x1 convolution of the activated input.

    Attributes:
        out_channels: Number of channels of both convolutions.
        stride: Step of the first convolution, and of the shortcut.
        dropout: Probability of a zero between the convolutions (Zagoruyko and Komodakis, 2016), the
            control ``drop.rate``; 0 leaves it out.
    """

    out_channels: int
    stride: int = 1
    dropout: float = 0.0

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        active = norm_relu(x, "norm1")
        y = norm_relu(_conv(self.out_channels, 3, self.stride, "conv1")(active), "norm2")
        if self.dropout:
            y = nn.Dropout(self.dropout, name="drop")(y)
        y = _conv(self.out_channels, 3, 1, "conv2")(y)
        return _shortcut(x, active, y, self.stride) + y


class PreActBottleneck(nn.Block):
    """A 1x1, a 3x3 and a 1x1 convolution on activated inputs (He et al., 2016b).

    Attributes:
        out_channels: Number of output channels.
        hidden_channels: Number of channels of the first two convolutions.
        stride: Step of the 3x3 convolution, and of the shortcut.
    """

    out_channels: int
    hidden_channels: int
    stride: int = 1

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        active = norm_relu(x, "norm1")
        y = norm_relu(_conv(self.hidden_channels, 1, 1, "conv1")(active), "norm2")
        y = norm_relu(_conv(self.hidden_channels, 3, self.stride, "conv2")(y), "norm3")
        y = _conv(self.out_channels, 1, 1, "conv3")(y)
        return _shortcut(x, active, y, self.stride) + y


def _shortcut(x: nn.Tensor, active: nn.Tensor, y: nn.Tensor, stride: int) -> nn.Tensor:
    return x if x.shape == y.shape else _conv(y.channels, 1, stride, "shortcut")(active)
