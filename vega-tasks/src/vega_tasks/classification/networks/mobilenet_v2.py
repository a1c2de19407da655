"""MobileNetV2."""

from __future__ import annotations

from typing import Final

from vega_core import nn
from vega_core.nn.initializers import Normal
from vega_tasks.classification.networks.blocks import (
    ConvBn,
    InvertedResidual,
    classifier,
    round_channels,
)

STAGES: Final = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, layers and stride of the stages (table 2)."""


class MobileNetV2(nn.Network):
    """Inverted residuals with linear bottlenecks (Sandler et al., MobileNetV2, 2018).

    A 3x3 convolution of stride 2, seven stages of inverted residuals, a 1x1 convolution, the mean
    over the pixels, dropout and a dense layer. Input (N, C, H, W) of any size, output
    (N, num_classes). Weights begin as in torchvision: He's normal of the outputs, ``fc`` normal
    of deviation 0.01, biases at 0.

    Attributes:
        width_multiplier: Factor of the channels; the last convolution's 1280 only grow.
        num_classes: Number of outputs.
        dropout: Rate before the classifier, the control ``drop.rate``.

    Example:
        >>> graph = nn.trace(MobileNetV2(), {"image": nn.batched((3, 224, 224))})
        >>> graph.stats().params
        3504872
    """

    width_multiplier: float = 1.0
    num_classes: int = 1000
    dropout: float = 0.2

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        width = self.width_multiplier
        x = ConvBn(round_channels(32 * width), 3, 2, activation="relu6", name="stem")(x)
        for stage, (expansion, channels, layers, stride) in enumerate(STAGES, 1):
            for index in range(layers):
                x = InvertedResidual(
                    round_channels(channels * width),
                    x.channels * expansion,
                    stride=1 if index else stride,
                    name=f"layer{stage}.{index}",
                )(x)
        last = round_channels(1280 * max(1.0, width))
        x = ConvBn(last, 1, activation="relu6", name="head")(x)
        return classifier(x, self.num_classes, dropout=self.dropout, weight_init=Normal(0.01))
