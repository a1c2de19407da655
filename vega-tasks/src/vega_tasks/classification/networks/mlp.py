"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence

from vega_core import nn


class MLP(nn.Network):
    """Dense layers with ReLUs and dropout; input (N, ...), output (N, num_classes).

    Attributes:
        num_classes: Number of outputs.
        hidden: Width of each hidden layer.
        dropout: Probability of a zero after each hidden layer; the controls ``drop<i>.rate``.

    Example:
        >>> graph = nn.trace(MLP(10, hidden=(32,)), {"image": nn.batched((1, 8, 8))})
        >>> graph.stats().params
        2410
    """

    num_classes: int = 10
    hidden: Sequence[int] = (128, 64)
    dropout: float = 0.0

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.flatten(x)
        for index, width in enumerate(self.hidden, 1):
            x = nn.relu(nn.Linear(width, name=f"fc{index}")(x))
            x = nn.Dropout(self.dropout, name=f"drop{index}")(x)
        return nn.Linear(self.num_classes, name="head")(x)
