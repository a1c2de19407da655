"""A small convolutional network."""

from __future__ import annotations

from collections.abc import Sequence

from vega_core import nn
from vega_tasks.classification.networks.blocks import ConvBn, classifier
from vega_tasks.classification.networks.variants import check_depth


class SimpleCnn(nn.Network):
    """Stages of 3x3 convolutions for small pictures, from digits to CIFAR.

    Each stage has ``blocks`` convolutions with batch normalization and ReLU; a 2x2 max pooling
    stands between stages as long as there are two pixels along both axes. The mean over the pixels,
    dropout and a dense layer follow. Input (N, C, H, W) of any size, output (N, num_classes).
    Convolutions begin from He's normal of the outputs, ``fc`` as PyTorch's default.

    Attributes:
        channels: Channels of each stage.
        blocks: Convolutions of a stage.
        num_classes: Number of outputs.
        dropout: Rate before the classifier, the control ``drop.rate``.

    Example:
        >>> graph = nn.trace(SimpleCnn((16, 32)), {"image": nn.batched((1, 28, 28))})
        >>> graph.stats().params
        5178
    """

    channels: Sequence[int] = (32, 64, 128)
    blocks: int = 1
    num_classes: int = 10
    dropout: float = 0.0

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        for stage, width in enumerate(self.channels, 1):
            if stage > 1 and min(x.spatial, default=0) > 1:
                x = nn.max_pool(x, 2)
            for index in range(check_depth(self.blocks)):
                x = nn.relu(ConvBn(width, name=f"layer{stage}.{index}")(x))
        return classifier(x, self.num_classes, dropout=self.dropout)
