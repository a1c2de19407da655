"""Wide residual networks."""

from __future__ import annotations

from vega_core import nn
from vega_core.errors import ModelError
from vega_tasks.classification.networks.blocks import HE, PreActBlock, classifier, norm_relu
from vega_tasks.classification.networks.variants import check_depth


class WideResNet(nn.Network):
    """Few, wide residual blocks (Zagoruyko and Komodakis, Wide Residual Networks, 2016).

    A 3x3 convolution with 16 channels, three stages of pre-activation blocks with 16, 32 and 64
    times ``widen_factor`` channels, the mean over the pixels and a dense layer. Input (N, C, H, W)
    of any size, output (N, num_classes). Convolutions begin from He's normal of the outputs,
    ``fc`` as PyTorch's default.

    Attributes:
        depth: Number of layers as the paper counts them: 6n + 4, so 10, 16, 22, 28, 40.
        widen_factor: How many times wider than a residual network.
        num_classes: Number of outputs.
        dropout: Probability of a zero between the convolutions of a block, a control of each
            block; 0 leaves it out.

    Example:
        >>> graph = nn.trace(WideResNet(28, 10), {"image": nn.batched((3, 32, 32))})
        >>> graph.stats().params
        36479194
    """

    depth: int = 28
    widen_factor: int = 10
    num_classes: int = 10
    dropout: float = 0.0

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        if self.depth < 10 or (self.depth - 4) % 6:
            raise ModelError(f"depth is 6n + 4 (10, 16, 22, 28, 40), and got {self.depth}")
        x = nn.Conv(16, bias=False, weight_init=HE, name="stem")(x)
        for stage in range(3):
            for index in range((check_depth(self.depth) - 4) // 6):
                stride = 2 if stage > 0 and index == 0 else 1
                channels = 16 * self.widen_factor * 2**stage
                name = f"layer{stage + 1}.{index}"
                x = PreActBlock(channels, stride, self.dropout, name=name)(x)
        return classifier(norm_relu(x, "norm"), self.num_classes)
