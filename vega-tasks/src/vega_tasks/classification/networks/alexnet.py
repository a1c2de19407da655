"""AlexNet."""

from __future__ import annotations

from vega_core import nn


class AlexNet(nn.Network):
    """The network that began it (Krizhevsky, One weird trick, 2014, as torchvision has it).

    Five convolutions with three max poolings, a mean over 6x6 windows and three dense layers, two
    of them after dropout. Input (N, C, H, W) from 63x63, output (N, num_classes). Parameters begin
    as PyTorch's default.

    Attributes:
        num_classes: Number of outputs.
        dropout: Rate before each hidden dense layer, the controls ``drop<i>.rate``.

    Example:
        >>> graph = nn.trace(AlexNet(), {"image": nn.batched((3, 224, 224))})
        >>> graph.stats().params
        61100840
    """

    num_classes: int = 1000
    dropout: float = 0.5

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.relu(nn.Conv(64, 11, 4, 2, name="conv1")(x))
        x = nn.relu(nn.Conv(192, 5, name="conv2")(nn.max_pool(x, 3, 2)))
        x = nn.relu(nn.Conv(384, 3, name="conv3")(nn.max_pool(x, 3, 2)))
        x = nn.relu(nn.Conv(256, 3, name="conv4")(x))
        x = nn.relu(nn.Conv(256, 3, name="conv5")(x))
        x = nn.flatten(nn.adaptive_average_pool(nn.max_pool(x, 3, 2), 6))
        for index in (1, 2):
            x = nn.Dropout(self.dropout, name=f"drop{index}")(x)
            x = nn.relu(nn.Linear(4096, name=f"fc{index}")(x))
        return nn.Linear(self.num_classes, name="head")(x)
