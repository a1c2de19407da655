"""EfficientNet: one network scaled in width, depth and resolution together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.nn.initializers import Uniform
from vega_tasks.classification.networks.blocks import (
    ConvBn,
    InvertedResidual,
    classifier,
    round_channels,
)
from vega_tasks.classification.networks.variants import check_depth, pick

Variant: TypeAlias = Literal["b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7"]


@dataclass(frozen=True)
class Scale:
    """How a variant differs from B0.

    Attributes:
        width: Factor of the channels.
        depth: Factor of the layers of a stage.
        resolution: Height and width of the pictures that it was published on.
        dropout: Rate before the classifier.
    """

    width: float
    depth: float
    resolution: int
    dropout: float


VARIANTS: Final[Mapping[Variant, Scale]] = {
    "b0": Scale(1.0, 1.0, 224, 0.2),
    "b1": Scale(1.0, 1.1, 240, 0.2),
    "b2": Scale(1.1, 1.2, 260, 0.3),
    "b3": Scale(1.2, 1.4, 300, 0.3),
    "b4": Scale(1.4, 1.8, 380, 0.4),
    "b5": Scale(1.6, 2.2, 456, 0.4),
    "b6": Scale(1.8, 2.6, 528, 0.5),
    "b7": Scale(2.0, 3.1, 600, 0.5),
}

STAGES: Final = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
"""Expansion, kernel size, stride, channels and layers of the stages of B0 (table 1)."""


class EfficientNet(nn.Network):
    """A network scaled by a compound rule (Tan and Le, EfficientNet, 2019).

    A 3x3 convolution of stride 2, seven stages of inverted residuals with squeeze and excitation, a
    1x1 convolution, the mean over the pixels, dropout and a dense layer. Input (N, C, H, W) of any
    size, output (N, num_classes). Published resolutions: b0 224, b1 240, b2 260, b3 300, b4 380,
    b5 456, b6 528, b7 600.

    Normalization and initial weights are torchvision's: epsilon 0.001 and momentum 0.01 from
    b5 on, 0.00001 and 0.1 before; He's normal of the outputs, ``fc`` uniform within
    1 / sqrt(num_classes), biases at 0.

    Attributes:
        variant: b0 to b7.
        num_classes: Number of outputs.
        width_multiplier: Factor of the channels of B0; by default the variant's.
        depth_multiplier: Factor of the layers of B0; by default the variant's.
        dropout: Rate before the classifier, the control ``drop.rate``; by default the variant's.
        drop_path: Rate of drop path that the blocks approach, from 0 at the first; each is the
            control ``layer<i>.<j>.drop_path.rate``. 0 leaves drop path out.

    Example:
        >>> graph = nn.trace(EfficientNet("b0"), {"image": nn.batched((3, 224, 224))})
        >>> graph.stats().params
        5288548
    """

    variant: Variant = "b0"
    num_classes: int = 1000
    width_multiplier: float | None = None
    depth_multiplier: float | None = None
    dropout: float | None = None
    drop_path: float = 0.2

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        scale = pick(VARIANTS, self.variant, "a variant")
        width = scale.width if self.width_multiplier is None else self.width_multiplier
        norm = (1e-3, 0.01) if self.variant in ("b5", "b6", "b7") else (1e-5, 0.1)
        x = ConvBn(round_channels(32 * width), 3, 2, 1, "swish", *norm, name="stem")(x)
        layers = self._layers(scale)
        done = 0
        for stage, (expansion, kernel, stride, channels, _) in enumerate(STAGES):
            for index in range(layers[stage]):
                x = InvertedResidual(
                    round_channels(channels * width),
                    x.channels * expansion,
                    kernel,
                    1 if index else stride,
                    max(1, x.channels // 4),
                    "swish",
                    squeeze_activation="swish",
                    drop_path=self.drop_path * done / sum(layers),
                    epsilon=norm[0],
                    momentum=norm[1],
                    name=f"layer{stage + 1}.{index}",
                )(x)
                done += 1
        x = ConvBn(4 * x.channels, 1, 1, 1, "swish", *norm, name="head")(x)
        dropout = scale.dropout if self.dropout is None else self.dropout
        bound = Uniform(1 / math.sqrt(max(1, self.num_classes)))
        return classifier(x, self.num_classes, dropout=dropout, weight_init=bound)

    def _layers(self, scale: Scale) -> list[int]:
        depth = scale.depth if self.depth_multiplier is None else self.depth_multiplier
        if not 0 < depth < math.inf:
            raise ModelError(f"a depth multiplier is positive, and got {depth:g}")
        return [math.ceil(check_depth(layers * depth)) for *_, layers in STAGES]
