"""Networks that classify."""

from __future__ import annotations

from vega_tasks.classification.networks.mlp import MLP
from vega_tasks.classification.networks.resnet import ResNet

__all__ = ["MLP", "ResNet"]
