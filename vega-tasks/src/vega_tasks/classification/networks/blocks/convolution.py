"""A convolution with what follows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from vega_core import nn
from vega_core.nn.initializers import ZEROS, Initializer, KaimingNormal
from vega_tasks.classification.networks.variants import pick

Activation: TypeAlias = Literal[
    "identity", "relu", "relu6", "hard_swish", "swish", "sigmoid", "hard_sigmoid"
]

HE: Final = KaimingNormal("fan_out")
"""How convolutions begin: normal, with the variance 2 / (out_channels x window)."""

_FUNCTIONS: Final[Mapping[str, Callable[[nn.Tensor], nn.Tensor]]] = {
    "relu": nn.relu,
    "relu6": nn.relu6,
    "hard_swish": nn.hard_swish,
    "swish": nn.swish,
    "sigmoid": nn.sigmoid,
    "hard_sigmoid": nn.hard_sigmoid,
}


def activate(x: nn.Tensor, activation: Activation) -> nn.Tensor:
    """Returns the activation of a name; ``identity`` adds no node."""
    return x if activation == "identity" else pick(_FUNCTIONS, activation, "an activation")(x)


class ConvBn(nn.Block):
    """A convolution that keeps the size at stride 1, a batch normalization and an activation.

    Attributes:
        out_channels: Number of output channels.
        kernel_size: Window size along both axes; odd.
        stride: Step between windows.
        groups: Number of channel groups.
        activation: What follows the normalization.
        epsilon: Of the normalization.
        momentum: Of the normalization: share of the new value in its statistics.
        bias: Whether the convolution adds one, which the normalization takes away again.
    """

    out_channels: int
    kernel_size: int = 3
    stride: int = 1
    groups: int = 1
    activation: Activation = "identity"
    epsilon: float = 1e-5
    momentum: float = 0.1
    bias: bool = False

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        conv = nn.Conv(
            self.out_channels,
            self.kernel_size,
            self.stride,
            groups=self.groups,
            bias=self.bias,
            weight_init=HE,
            bias_init=ZEROS,
            name="conv",
        )
        norm = nn.BatchNorm(self.epsilon, self.momentum, name="norm")
        return activate(norm(conv(x)), self.activation)


def classifier(
    x: nn.Tensor,
    num_classes: int,
    *,
    dropout: float | None = None,
    weight_init: Initializer | None = None,
) -> nn.Tensor:
    """Returns a dense layer ``fc`` of the means over the pixels: (N, num_classes).

    Args:
        x: Feature maps (N, C, H, W).
        num_classes: Number of outputs.
        dropout: Probability of a zero before the layer, the control ``drop.rate``; None leaves the
            dropout out.
        weight_init: How the layer's weight begins, its bias then at 0; by default both begin as in
            PyTorch.
    """
    x = nn.flatten(nn.global_average_pool(x))
    if dropout is not None:
        x = nn.Dropout(dropout, name="drop")(x)
    bias_init = None if weight_init is None else ZEROS
    return nn.Linear(num_classes, weight_init=weight_init, bias_init=bias_init, name="fc")(x)
