"""The conformance kit on every network of vega-tasks, in small."""

from __future__ import annotations

import importlib.util

import pytest

from vega_core.testing import NetworkCase, NetworkConformance
from vega_tasks.plugin import NETWORKS


def case(name, size=16, overrides=None, **values):
    description = {"type": name.split()[0], "num_classes": 3, **values}
    if overrides:
        description["overrides"] = overrides
    return NetworkCase(name, description, {"image": (3, size, size)})


FEW = {f"conv{i}.out_channels": 6 for i in range(1, 6)}
DENSE = {f"fc{i}.out_features": 8 for i in (1, 2)}
NARROW = {
    f"layer{stage}.{index}.out_channels": 6
    for stage, count in enumerate((1, 1, 2, 2, 2), 1)
    for index in range(count)
}
SMALL = [
    case("MLP", hidden=[6, 5], dropout=0.1),
    case("PreActResNet", depth=11, width=4),
    case("ResNet", depth=8, width=4),
    case("SimpleCnn", channels=[4, 6]),
    case("WideResNet", depth=10, widen_factor=1),
]
DEEP = [
    case("AlexNet", 63, {**FEW, **DENSE}),
    case("EfficientNet", width_multiplier=0.1, depth_multiplier=0.1),
    case("MobileNetV2", width_multiplier=0.1),
    case("MobileNetV3", width_multiplier=0.1),
    case("MobileNetV3 large", variant="large", width_multiplier=0.1),
    case("PreActResNet of bottlenecks", depth=11, width=4, block="bottleneck"),
    case("RegNetX", 32, depth=4, w0=8, wa=8.0, wm=2.0, group_width=4),
    case("ResNet 18", depth=18, width=4),
    case("ResNet 50", depth=50, width=4),
    case("Vgg", 32, NARROW, depth=11, hidden=[8, 8], pool_size=1, batch_norm=True),
]


def pytorch():
    """Returns the backend, where there is one."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    from vega_backend_torch.backend import TorchBackend

    torch.set_num_threads(1)
    return TorchBackend()


class TestSmallNetworks(NetworkConformance):
    def networks(self):
        return SMALL

    def backend(self):
        return pytorch()


class TestDeepNetworks(NetworkConformance):
    every_module = False

    def networks(self):
        return DEEP

    def backend(self):
        return pytorch()


@pytest.mark.soak
class TestEveryModule(NetworkConformance):
    def networks(self):
        return DEEP


def test_every_network_is_there():
    there = {case.network["type"] for case in (*SMALL, *DEEP)}
    assert there == {provider.name for provider in NETWORKS}
