"""What networks are made of; nothing here is a network."""

from __future__ import annotations

from vega_tasks.classification.networks.blocks.convolution import (
    HE,
    Activation,
    ConvBn,
    activate,
    classifier,
)
from vega_tasks.classification.networks.blocks.mobile import (
    InvertedResidual,
    SqueezeExcite,
    round_channels,
)
from vega_tasks.classification.networks.blocks.preactivation import (
    PreActBlock,
    PreActBottleneck,
    norm_relu,
)
from vega_tasks.classification.networks.blocks.residual import BasicBlock, Bottleneck, Shortcut

__all__ = [
    "HE",
    "Activation",
    "BasicBlock",
    "Bottleneck",
    "ConvBn",
    "InvertedResidual",
    "PreActBlock",
    "PreActBottleneck",
    "Shortcut",
    "SqueezeExcite",
    "activate",
    "classifier",
    "norm_relu",
    "round_channels",
]
