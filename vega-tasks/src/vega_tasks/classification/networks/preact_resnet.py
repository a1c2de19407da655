"""Residual networks with normalization and activation before the convolutions."""

from __future__ import annotations

from typing import Literal, TypeAlias

from vega_core import nn
from vega_core.errors import ModelError
from vega_tasks.classification.networks.blocks import (
    HE,
    PreActBlock,
    PreActBottleneck,
    classifier,
    norm_relu,
)
from vega_tasks.classification.networks.variants import check_depth, pick

BlockType: TypeAlias = Literal["auto", "basic", "bottleneck"]

LAYERS = {"basic": 2, "bottleneck": 3}
"""Convolutions of a block; three stages of n blocks make a depth of three times that, and 2."""


class PreActResNet(nn.Network):
    """The pre-activation network of the CIFAR experiments (He et al., Identity Mappings, 2016).

    A 3x3 convolution, three stages of blocks that begin with ``width`` channels, each later stage
    at half the resolution and twice the width, the mean over the pixels and a dense layer. Input
    (N, C, H, W) of any size, output (N, num_classes). Convolutions begin from He's normal of the
    outputs, ``fc`` as PyTorch's default.

    Attributes:
        depth: Number of layers with weights: 6n + 2 of basic blocks (20, 32, 44, 56, 110), 9n + 2
            of bottlenecks (164, 1001).
        width: Channels of the first stage; a bottleneck puts out four times as many.
        num_classes: Number of outputs.
        block: ``basic``, ``bottleneck``, or ``auto``: basic below 164 where the depth is 6n + 2, as
            in the paper.

    Example:
        >>> graph = nn.trace(PreActResNet(164), {"image": nn.batched((3, 32, 32))})
        >>> graph.stats().params
        1703258
    """

    depth: int = 20
    width: int = 16
    num_classes: int = 10
    block: BlockType = "auto"

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        kind = self._kind()
        layers = 3 * pick(LAYERS, kind, "a block")
        if self.depth < 2 + layers or (self.depth - 2) % layers:
            raise ModelError(
                "depth is 6n + 2 of basic blocks (8, 14, 20, ...) or 9n + 2 of bottlenecks "
                f"(11, 20, 29, ...), and got {self.depth} with block: {kind}"
            )
        x = nn.Conv(self.width, bias=False, weight_init=HE, name="stem")(x)
        for stage in range(3):
            for index in range((check_depth(self.depth) - 2) // layers):
                stride = 2 if stage > 0 and index == 0 else 1
                name = f"layer{stage + 1}.{index}"
                x = self._block(kind, self.width * 2**stage, stride, name)(x)
        return classifier(norm_relu(x, "norm"), self.num_classes)

    def _kind(self) -> str:
        if self.block != "auto":
            return self.block
        return "bottleneck" if self.depth >= 164 or (self.depth - 2) % 6 else "basic"

    @staticmethod
    def _block(kind: str, channels: int, stride: int, name: str) -> nn.Block:
        if kind == "basic":
            return PreActBlock(channels, stride, name=name)
        return PreActBottleneck(4 * channels, channels, stride, name=name)
