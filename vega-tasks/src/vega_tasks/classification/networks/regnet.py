"""RegNetX: networks whose widths follow a quantized line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal, TypeAlias

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.nn.initializers import Normal
from vega_tasks.classification.networks.blocks import Bottleneck, ConvBn, classifier
from vega_tasks.classification.networks.variants import check_depth, pick

Variant: TypeAlias = Literal[
    "200mf", "400mf", "600mf", "800mf", "1.6gf", "3.2gf", "4.0gf", "6.4gf", "8.0gf", "12gf",
    "16gf", "32gf",
]  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A network of the design space (section 3.3).

    Attributes:
        depth: Number of blocks.
        w0: Width at which the line begins.
        wa: Slope of the line.
        wm: Factor between the widths of neighbouring stages.
        group_width: Channels of a group.
    """

    depth: int
    w0: int
    wa: float
    wm: float
    group_width: int


VARIANTS: Final[Mapping[Variant, Line]] = {
    "200mf": Line(13, 24, 36.44, 2.49, 8),
    "400mf": Line(22, 24, 24.48, 2.54, 16),
    "600mf": Line(16, 48, 36.97, 2.24, 24),
    "800mf": Line(16, 56, 35.73, 2.28, 16),
    "1.6gf": Line(18, 80, 34.01, 2.25, 24),
    "3.2gf": Line(25, 88, 26.31, 2.25, 48),
    "4.0gf": Line(23, 96, 38.65, 2.43, 40),
    "6.4gf": Line(17, 184, 60.83, 2.07, 56),
    "8.0gf": Line(23, 80, 49.56, 2.88, 120),
    "12gf": Line(19, 168, 73.36, 2.37, 112),
    "16gf": Line(22, 216, 55.59, 2.1, 128),
    "32gf": Line(23, 320, 69.86, 2.0, 168),
}


class RegNetX(nn.Network):
    """A regular network (Radosavovic et al., Designing Network Design Spaces, 2020).

    A 3x3 convolution of stride 2 with 32 channels, stages of bottleneck blocks that do not narrow,
    with grouped 3x3 convolutions and each at half the resolution of the one before, the mean over
    the pixels and a dense layer. Input (N, C, H, W) of any size, output (N, num_classes). A
    variant names its multiply-adds at 224x224; what is given beside it replaces a part, so that a
    search over ``depth``, ``w0``, ``wa``, ``wm`` and ``group_width`` is one over the design space.
    Weights begin as in torchvision: He's normal of the outputs, ``fc`` normal of deviation 0.01,
    its bias at 0.

    Attributes:
        variant: A published network: 200mf, 400mf, 600mf, 800mf, 1.6gf, 3.2gf, 4.0gf, 6.4gf, 8.0gf,
            12gf, 16gf or 32gf.
        num_classes: Number of outputs.
        depth: Number of blocks; by default the variant's, as all that follow.
        w0: Width at which the line begins.
        wa: Slope of the line: channels more a block.
        wm: Factor between the widths of neighbouring stages, above 1.
        group_width: Channels of a group.

    Example:
        >>> graph = nn.trace(RegNetX("600mf"), {"image": nn.batched((3, 224, 224))})
        >>> graph.stats().params
        6196040
    """

    variant: Variant = "600mf"
    num_classes: int = 1000
    depth: int | None = None
    w0: int | None = None
    wa: float | None = None
    wm: float | None = None
    group_width: int | None = None

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.relu(ConvBn(32, 3, 2, name="stem")(x))
        for stage, (width, group_width, count) in enumerate(stages(self._line()), 1):
            for index in range(count):
                name = f"layer{stage}.{index}"
                stride, groups = 1 if index else 2, width // group_width
                x = Bottleneck(width, width, stride, groups=groups, name=name)(x)
        return classifier(x, self.num_classes, weight_init=Normal(0.01))

    def _line(self) -> Line:
        published = pick(VARIANTS, self.variant, "a variant")
        return Line(
            published.depth if self.depth is None else self.depth,
            published.w0 if self.w0 is None else self.w0,
            published.wa if self.wa is None else self.wa,
            published.wm if self.wm is None else self.wm,
            published.group_width if self.group_width is None else self.group_width,
        )


def stages(line: Line) -> list[tuple[int, int, int]]:
    """Returns width, group width and number of blocks of each stage (equations 2 to 4).

    Raises:
        ModelError: The line is outside of the design space.
    """
    if min(line.depth, line.w0, line.group_width) < 1 or not (
        0 <= line.wa < math.inf and 1 < line.wm < math.inf
    ):
        raise ModelError(
            f"depth, w0 and group_width are from 1, wa from 0, wm above 1, and got {line}"
        )
    widths = (_quantized(line, block) for block in range(check_depth(line.depth)))
    return [
        (*_divisible(width, line.group_width), len(list(blocks)))
        for width, blocks in groupby(widths)
    ]


def _quantized(line: Line, block: int) -> int:
    """Returns the width w0 wm^s, s whole, that is nearest to the line, as a multiple of 8."""
    power = round(math.log((line.w0 + line.wa * block) / line.w0) / math.log(line.wm))
    return max(8, round(line.w0 * line.wm**power / 8) * 8)


def _divisible(width: int, group_width: int) -> tuple[int, int]:
    """Returns a width that its groups divide, and the width of a group."""
    group_width = min(group_width, width)
    return max(1, round(width / group_width)) * group_width, group_width
