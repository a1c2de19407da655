"""Residual networks for pictures of both sizes: ImageNet's and CIFAR's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from vega_core import nn
from vega_core.errors import ModelError
from vega_tasks.classification.networks.blocks import (
    BasicBlock,
    Bottleneck,
    ConvBn,
    Shortcut,
    classifier,
)
from vega_tasks.classification.networks.variants import check_depth, pick

Stem: TypeAlias = Literal["auto", "imagenet", "cifar"]

EXPANSION: Final = 4
"""Output channels of a bottleneck for one of its stage's width."""


@dataclass(frozen=True)
class Form:
    """What a depth means.

    Attributes:
        bottleneck: Whether blocks are bottlenecks.
        blocks: Number of blocks of each stage.
        stem: The stem where the network says ``auto``.
        width: Channels of the first stage.
        num_classes: Classes of the data that the form was published on.
    """

    bottleneck: bool
    blocks: tuple[int, ...]
    stem: Stem
    width: int
    num_classes: int


IMAGENET: Final[Mapping[int, Form]] = {
    depth: Form(bottleneck, blocks, "imagenet", 64, 1000)
    for depth, bottleneck, blocks in (
        (18, False, (2, 2, 2, 2)),
        (34, False, (3, 4, 6, 3)),
        (50, True, (3, 4, 6, 3)),
        (101, True, (3, 4, 23, 3)),
        (152, True, (3, 8, 36, 3)),
    )
}


class ResNet(nn.Network):
    """A residual network (He et al., Deep Residual Learning, 2016).

    Input (N, C, H, W) of any size, output (N, num_classes). The depth says which form it is:

    - 18, 34, 50, 101, 152 are those of ImageNet (table 1): four stages that begin with ``width``
      (64) channels; a 7x7 convolution and a max pooling of stride 2 each come before.
      Bottlenecks from 50 on, their stride on the 3x3 convolution as in torchvision.
    - 8, 14, 20, 26, 32, 44, 56, 110 and every other 6n + 2 are those of CIFAR (section 4.2):
      three stages of n basic blocks that begin with ``width`` (16) channels, after a 3x3
      convolution. 50 and 152 are 6n + 2 too; they are ImageNet's.

    ``stem`` replaces what comes before: ``{type: ResNet, depth: 18, stem: cifar}`` is the usual
    ResNet-18 for small pictures. ``groups`` and ``width_per_group`` make a ResNeXt of it.
    Weights begin as in torchvision: He's normal of the outputs, PyTorch's default for ``fc``.

    Attributes:
        depth: Number of layers with weights.
        width: Channels of the first stage; by default the form's, 64 or 16.
        num_classes: Number of outputs; by default those of the form's data, 1000 or 10.
        shortcut: How shortcuts change shape: ``projection`` (option B) or ``padding`` (A).
        stem: What comes first: ``imagenet`` (7x7, max pooling), ``cifar`` (3x3, keeps the size), or
            ``auto``, the form's.
        groups: Channel groups of the bottlenecks' 3x3 convolutions (Xie et al., 2017).
        width_per_group: Their channels in the first stage for each group, at width 64.

    Example:
        >>> graph = nn.trace(ResNet(50), {"image": nn.batched((3, 224, 224))})
        >>> graph.stats().params
        25557032
        >>> small = nn.trace(ResNet(20), {"image": nn.batched((3, 32, 32))})
        >>> small.stats().params
        272474
    """

    depth: int = 20
    width: int | None = None
    num_classes: int | None = None
    shortcut: Shortcut = "projection"
    stem: Stem = "auto"
    groups: int = 1
    width_per_group: int = 64

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        form = form_of(self.depth)
        if not form.bottleneck and (self.groups, self.width_per_group) != (1, 64):
            raise ModelError(
                f"groups are of bottlenecks (depth 50, 101 or 152), and depth {self.depth} has none"
            )
        width = form.width if self.width is None else self.width
        x = self._stem(x, form, width)
        for stage, count in enumerate(form.blocks):
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                name = f"layer{stage + 1}.{index}"
                x = self._block(form.bottleneck, width * 2**stage, stride, name)(x)
        return classifier(x, form.num_classes if self.num_classes is None else self.num_classes)

    def _stem(self, x: nn.Tensor, form: Form, width: int) -> nn.Tensor:
        stem = form.stem if self.stem == "auto" else self.stem
        size, stride = pick({"imagenet": (7, 2), "cifar": (3, 1)}, stem, "a stem")
        x = nn.relu(ConvBn(width, size, stride, name="stem")(x))
        return nn.max_pool(x, 3, 2, 1) if stem == "imagenet" else x

    def _block(self, bottleneck: bool, channels: int, stride: int, name: str) -> nn.Block:
        if not bottleneck:
            return BasicBlock(channels, stride, self.shortcut, name=name)
        hidden = channels * self.width_per_group // 64 * self.groups
        return Bottleneck(
            channels * EXPANSION, hidden, stride, self.shortcut, self.groups, name=name
        )


def form_of(depth: int) -> Form:
    """Returns what a depth means.

    Raises:
        ModelError: There is no residual network of this depth.
    """
    if depth in IMAGENET:
        return IMAGENET[depth]
    if depth < 8 or (depth - 2) % 6:
        raise ModelError(
            "depth is 6n + 2 (8, 14, 20, ...: the forms of CIFAR) or one of "
            f"{', '.join(map(str, IMAGENET))} (those of ImageNet), and got {depth}"
        )
    return Form(False, ((check_depth(depth) - 2) // 6,) * 3, "cifar", 16, 10)
