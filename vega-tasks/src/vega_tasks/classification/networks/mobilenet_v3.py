"""MobileNetV3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from vega_core import nn
from vega_core.nn.initializers import ZEROS, Normal
from vega_tasks.classification.networks.blocks import (
    Activation,
    ConvBn,
    InvertedResidual,
    round_channels,
)
from vega_tasks.classification.networks.variants import pick

Variant: TypeAlias = Literal["small", "large"]

NORM: Final = (1e-3, 0.01)
"""Epsilon and momentum of the normalizations."""


class Row(NamedTuple):
    """A block of tables 1 and 2."""

    kernel: int
    hidden: int
    channels: int
    squeeze: bool
    activation: Activation
    stride: int


LARGE: Final = (
    Row(3, 16, 16, False, "relu", 1),
    Row(3, 64, 24, False, "relu", 2),
    Row(3, 72, 24, False, "relu", 1),
    Row(5, 72, 40, True, "relu", 2),
    Row(5, 120, 40, True, "relu", 1),
    Row(5, 120, 40, True, "relu", 1),
    Row(3, 240, 80, False, "hard_swish", 2),
    Row(3, 200, 80, False, "hard_swish", 1),
    Row(3, 184, 80, False, "hard_swish", 1),
    Row(3, 184, 80, False, "hard_swish", 1),
    Row(3, 480, 112, True, "hard_swish", 1),
    Row(3, 672, 112, True, "hard_swish", 1),
    Row(5, 672, 160, True, "hard_swish", 2),
    Row(5, 960, 160, True, "hard_swish", 1),
    Row(5, 960, 160, True, "hard_swish", 1),
)

SMALL: Final = (
    Row(3, 16, 16, True, "relu", 2),
    Row(3, 72, 24, False, "relu", 2),
    Row(3, 88, 24, False, "relu", 1),
    Row(5, 96, 40, True, "hard_swish", 2),
    Row(5, 240, 40, True, "hard_swish", 1),
    Row(5, 240, 40, True, "hard_swish", 1),
    Row(5, 120, 48, True, "hard_swish", 1),
    Row(5, 144, 48, True, "hard_swish", 1),
    Row(5, 288, 96, True, "hard_swish", 2),
    Row(5, 576, 96, True, "hard_swish", 1),
    Row(5, 576, 96, True, "hard_swish", 1),
)

VARIANTS: Final[Mapping[Variant, tuple[tuple[Row, ...], int]]] = {
    "small": (SMALL, 1024),
    "large": (LARGE, 1280),
}
"""Blocks, and width of the layer before the last."""


class MobileNetV3(nn.Network):
    """A network found by search and by hand (Howard et al., Searching for MobileNetV3, 2019).

    A 3x3 convolution of stride 2, inverted residuals, a 1x1 convolution, the mean over the pixels
    and two dense layers with dropout between. Input (N, C, H, W) of any size, output
    (N, num_classes). Normalizations (epsilon 0.001, momentum 0.01) and initial weights are
    torchvision's: He's normal of the outputs, dense layers normal of deviation 0.01,
    biases at 0.

    Attributes:
        variant: ``small`` or ``large``.
        num_classes: Number of outputs.
        width_multiplier: Factor of the channels.
        dropout: Rate before the last layer, the control ``drop.rate``.

    Example:
        >>> graph = nn.trace(MobileNetV3("small"), {"image": nn.batched((3, 224, 224))})
        >>> graph.stats().params
        2542856
    """

    variant: Variant = "small"
    num_classes: int = 1000
    width_multiplier: float = 1.0
    dropout: float = 0.2

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        rows, last = pick(VARIANTS, self.variant, "a variant")
        width = self.width_multiplier
        x = ConvBn(round_channels(16 * width), 3, 2, 1, "hard_swish", *NORM, name="stem")(x)
        for number, row in enumerate(rows, 1):
            x = self._block(row, f"block{number}")(x)
        x = ConvBn(6 * x.channels, 1, 1, 1, "hard_swish", *NORM, name="head")(x)
        x = nn.flatten(nn.global_average_pool(x))
        x = self._dense(round_channels(last * width), "fc1")(x)
        x = nn.Dropout(self.dropout, name="drop")(nn.hard_swish(x))
        return self._dense(self.num_classes, "fc2")(x)

    @staticmethod
    def _dense(width: int, name: str) -> nn.Linear:
        return nn.Linear(width, weight_init=Normal(0.01), bias_init=ZEROS, name=name)

    def _block(self, row: Row, name: str) -> InvertedResidual:
        hidden = round_channels(row.hidden * self.width_multiplier)
        return InvertedResidual(
            round_channels(row.channels * self.width_multiplier),
            hidden,
            row.kernel,
            row.stride,
            round_channels(hidden / 4) if row.squeeze else 0,
            row.activation,
            gate="hard_sigmoid",
            epsilon=NORM[0],
            momentum=NORM[1],
            name=name,
        )
