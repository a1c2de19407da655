"""Networks that classify."""

from __future__ import annotations

from vega_tasks.classification.networks.alexnet import AlexNet
from vega_tasks.classification.networks.efficientnet import EfficientNet
from vega_tasks.classification.networks.mlp import MLP
from vega_tasks.classification.networks.mobilenet_v2 import MobileNetV2
from vega_tasks.classification.networks.mobilenet_v3 import MobileNetV3
from vega_tasks.classification.networks.preact_resnet import PreActResNet
from vega_tasks.classification.networks.regnet import RegNetX
from vega_tasks.classification.networks.resnet import ResNet
from vega_tasks.classification.networks.simple_cnn import SimpleCnn
from vega_tasks.classification.networks.vgg import Vgg
from vega_tasks.classification.networks.wide_resnet import WideResNet

__all__ = [
    "MLP",
    "AlexNet",
    "EfficientNet",
    "MobileNetV2",
    "MobileNetV3",
    "PreActResNet",
    "RegNetX",
    "ResNet",
    "SimpleCnn",
    "Vgg",
    "WideResNet",
]
