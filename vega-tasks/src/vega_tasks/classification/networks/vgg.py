"""VGG networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from vega_core import nn
from vega_core.nn.initializers import ZEROS, Normal
from vega_tasks.classification.networks.blocks import HE, ConvBn
from vega_tasks.classification.networks.variants import pick

Depth: TypeAlias = Literal[11, 13, 16, 19]

CHANNELS: Final = (64, 128, 256, 512, 512)

LAYERS: Final[Mapping[Depth, tuple[int, ...]]] = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
"""Convolutions of the stages (table 1, columns A, B, D and E)."""


class Vgg(nn.Network):
    """Stacks of 3x3 convolutions (Simonyan and Zisserman, Very Deep Convolutional Networks, 2015).

    Five stages of convolutions, a max pooling after each, a mean over ``pool_size`` squared windows
    and dense layers with dropout. Input (N, C, H, W) from 32x32, output (N, num_classes).
    Weights begin as in torchvision: He's normal of the outputs, dense layers normal of
    deviation 0.01, biases at 0.

    Attributes:
        depth: Number of layers with weights: 11, 13, 16 or 19.
        num_classes: Number of outputs.
        batch_norm: Whether a batch normalization follows each convolution, which keeps its bias, as
            in torchvision.
        hidden: Widths of the hidden dense layers.
        pool_size: Height and width of what goes into the dense layers; 1 for small pictures.
        dropout: Rate after each hidden dense layer, the controls ``drop<i>.rate``.

    Example:
        >>> graph = nn.trace(Vgg(16), {"image": nn.batched((3, 224, 224))})
        >>> graph.stats().params
        138357544
    """

    depth: Depth = 16
    num_classes: int = 1000
    batch_norm: bool = False
    hidden: Sequence[int] = (4096, 4096)
    pool_size: int = 7
    dropout: float = 0.5

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        counts = pick(LAYERS, self.depth, "a depth")
        for stage, (channels, count) in enumerate(zip(CHANNELS, counts, strict=True), 1):
            for index in range(count):
                x = nn.relu(self._conv(channels, f"layer{stage}.{index}")(x))
            x = nn.max_pool(x, 2)
        x = nn.flatten(nn.adaptive_average_pool(x, self.pool_size))
        for index, width in enumerate(self.hidden, 1):
            x = nn.relu(self._dense(width, f"fc{index}")(x))
            x = nn.Dropout(self.dropout, name=f"drop{index}")(x)
        return self._dense(self.num_classes, "head")(x)

    def _conv(self, channels: int, name: str) -> ConvBn | nn.Conv:
        if self.batch_norm:
            return ConvBn(channels, bias=True, name=name)
        return nn.Conv(channels, weight_init=HE, bias_init=ZEROS, name=name)

    @staticmethod
    def _dense(width: int, name: str) -> nn.Linear:
        return nn.Linear(width, weight_init=Normal(0.01), bias_init=ZEROS, name=name)
