"""Names, forms, sizes and mistakes of the networks."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import re
from typing import Any

import pytest

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_core.nn.initializers import ZEROS, KaimingNormal, Normal
from vega_core.plugins import load_target
from vega_tasks import plugin
from vega_tasks.classification import networks
from vega_tasks.classification.networks import (
    AlexNet,
    EfficientNet,
    MobileNetV2,
    MobileNetV3,
    PreActResNet,
    RegNetX,
    ResNet,
    SimpleCnn,
    Vgg,
    WideResNet,
)
from vega_tasks.classification.networks.regnet import VARIANTS, stages

NAMES = [provider.name for provider in plugin.NETWORKS]
MODULES = [info.name for info in pkgutil.iter_modules(networks.__path__) if not info.ispkg]


class Catalog:
    def load(self, kind: str, name: str, /) -> Any:
        assert kind == "network"
        return load_target(next(p.target for p in plugin.NETWORKS if p.name == name))


def trace(network: nn.Network, *shape: int, **overrides: Any) -> nn.Graph:
    return nn.trace(network, {"image": nn.batched(shape or (3, 32, 32))}, overrides)


def build(description: dict[str, Any], *shape: int) -> nn.Graph:
    return nn.build_graph(description, Catalog(), {"image": shape})


def rates(graph: nn.Graph) -> dict[str, float]:
    return {name: control.default for name, control in graph.controls.items()}


@pytest.mark.parametrize("name", MODULES)
def test_examples_run_as_written(name: str) -> None:
    module = importlib.import_module(f"{networks.__name__}.{name}")
    result = doctest.testmod(module)
    assert result.failed == 0
    holds = any(getattr(networks, n).__module__ == module.__name__ for n in networks.__all__)
    assert result.attempted > 0 or not holds


def test_every_network_is_provided() -> None:
    assert sorted(NAMES) == sorted(networks.__all__)


def test_names_of_resnet_18() -> None:
    blocks = [f"layer{stage}.{index}" for stage in (1, 2, 3, 4) for index in (0, 1)]
    convolutions = ["stem"]
    for block in blocks:
        convolutions += [f"{block}.conv1", f"{block}.conv2"]
        if block in ("layer2.0", "layer3.0", "layer4.0"):
            convolutions.append(f"{block}.shortcut")
    roles = ("weight", "bias", "running_mean", "running_var")
    expected = []
    for name in convolutions:
        expected += [f"{name}.conv.weight", *(f"{name}.norm.{role}" for role in roles)]
    assert list(trace(ResNet(18)).parameters) == [*expected, "fc.weight", "fc.bias"]


@pytest.mark.parametrize("name", NAMES)
def test_what_has_parameters_has_a_name_of_its_own(name: str) -> None:
    graph = build({"type": name}, 3, 64, 64)
    counted = [p for p in graph.parameters if re.search(r"(^|\.)[a-z]+_\d+(\.|$)", p)]
    assert counted == []
    again = build({"type": name}, 3, 64, 64)
    assert (list(again.parameters), again.hash) == (list(graph.parameters), graph.hash)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (3, 7, 5), (1, 1, 1)])
@pytest.mark.parametrize(
    "network",
    [
        ResNet(18),
        ResNet(50),
        PreActResNet(29),
        WideResNet(10, 2),
        RegNetX("200mf"),
        EfficientNet("b0"),
        MobileNetV2(),
        MobileNetV3("small"),
        MobileNetV3("large"),
        SimpleCnn(),
    ],
    ids=lambda network: type(network).__name__,
)
def test_they_take_pictures_of_any_size(network: nn.Network, shape: tuple[int, ...]) -> None:
    graph = trace(network, *shape, num_classes=7)
    assert graph.specs[graph.outputs["output"]].shape == (nn.BATCH, 7)


def test_or_say_where_a_picture_is_too_small() -> None:
    assert trace(Vgg(11), 3, 32, 32).stats().params == 132_863_336
    assert trace(AlexNet(), 3, 63, 63).stats().params == 61_100_840
    for network, size in ((Vgg(11), 31), (AlexNet(), 62), (AlexNet(), 4)):
        with pytest.raises(ShapeError, match="does not fit in"):
            trace(network, 3, size, size)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(8,), (3, 8), (3, 4, 4, 4)])
def test_other_data_are_refused_or_fit(name: str, shape: tuple[int, ...]) -> None:
    if name == "MLP":
        return
    try:
        graph = build({"type": name, "num_classes": 3}, *shape)
    except ShapeError:
        return
    assert graph.specs[graph.outputs["output"]].shape == (nn.BATCH, 3)


@pytest.mark.parametrize(
    ("description", "params"),
    [
        ({"type": "ResNet", "depth": 50}, 25_557_032),
        ({"type": "EfficientNet", "variant": "b4"}, 19_341_616),
        ({"type": "RegNetX", "variant": "600mf"}, 6_196_040),
        ({"type": "MobileNetV3", "variant": "small"}, 2_542_856),
        ({"type": "Vgg", "depth": 16}, 138_357_544),
        ({"type": "ResNet", "depth": 20, "num_classes": "auto"}, 272_474),
        ({"type": "AlexNet", "num_classes": "auto"}, 61_100_840 - 990 * 4097),
    ],
)
def test_descriptions(description: dict[str, Any], params: int) -> None:
    read = nn.fill_auto(json.loads(json.dumps(description)), {"num_classes": 10})
    assert build(read, 3, 224, 224).stats().params == params


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"type": "ResNet", "depth": 9}, r"ResNet: depth is 6n \+ 2 .* 18, 34, 50, 101, 152"),
        ({"type": "ResNet", "depth": 16}, "and got 16"),
        ({"type": "ResNet", "depth": 18, "groups": 2}, "groups are of bottlenecks"),
        ({"type": "ResNet", "width": 0}, "stem.conv: a convolution needs positive channels"),
        ({"type": "ResNet", "stem": "large"}, "stem: expected .*'imagenet', 'cifar'"),
        ({"type": "PreActResNet", "depth": 19}, r"6n \+ 2 .* 9n \+ 2 .* got 19"),
        ({"type": "PreActResNet", "depth": 2}, "got 2 with block: basic"),
        ({"type": "PreActResNet", "depth": 164, "block": "wide"}, "^block: expected"),
        ({"type": "WideResNet", "depth": 20}, r"6n \+ 4 .*, and got 20"),
        ({"type": "WideResNet", "widen_factor": 0}, "layer1.0.conv1: a convolution needs positive"),
        ({"type": "WideResNet", "dropout": -0.5}, r"layer1.0.drop: a dropout rate is in \[0, 1\)"),
        ({"type": "RegNetX", "variant": "600MF"}, "^variant: expected .*'600mf'"),
        ({"type": "RegNetX", "wm": 1}, "wm above 1"),
        ({"type": "RegNetX", "wa": float("nan")}, "wa from 0"),
        ({"type": "RegNetX", "group_width": 0}, "group_width are from 1"),
        ({"type": "EfficientNet", "variant": "b9"}, "^variant: expected .*'b0'"),
        ({"type": "EfficientNet", "width_multiplier": 0}, "multiplier gives 0 channels"),
        ({"type": "EfficientNet", "depth_multiplier": -1}, "a depth multiplier is positive"),
        ({"type": "EfficientNet", "num_classes": 0}, "fc: "),
        ({"type": "MobileNetV2", "width_multiplier": float("inf")}, "gives inf channels"),
        ({"type": "MobileNetV3", "variant": "tiny"}, "expected .*'small', 'large'"),
        ({"type": "Vgg", "depth": 12}, r"^depth: expected .*11, 13, 16, 19"),
        ({"type": "Vgg", "pool_size": 0}, "needs a positive size"),
        ({"type": "AlexNet", "dropout": 1.0}, r"drop1: a dropout rate is in \[0, 1\)"),
        ({"type": "SimpleCnn", "channels": [8, -1]}, "layer2.0.conv: a convolution needs positive"),
    ],
)
def test_mistakes_in_descriptions(description: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build(description, 3, 64, 64)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (EfficientNet("b9"), "EfficientNet: 'b9' is not a variant; there are b0, b1, b2"),  # type: ignore[arg-type]
        (RegNetX("600MF"), "'600MF' is not a variant; .* did you mean '600mf'"),  # type: ignore[arg-type]
        (MobileNetV3("tiny"), "there are small, large"),  # type: ignore[arg-type]
        (Vgg(12), "12 is not a depth; there are 11, 13, 16, 19"),  # type: ignore[arg-type]
        (ResNet(20, stem="large"), "'large' is not a stem; there are imagenet, cifar"),  # type: ignore[arg-type]
        (PreActResNet(block="wide"), "'wide' is not a block; there are basic, bottleneck"),  # type: ignore[arg-type]
    ],
)
def test_mistakes_in_python(network: nn.Network, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        trace(network)


def test_the_stem_is_a_choice_of_its_own() -> None:
    # The ResNet-18 of many CIFAR experiments: four stages, 3x3 stem, 10 classes.
    small = trace(ResNet(18, stem="cifar", num_classes=10))
    assert (small.stats().params, small.stats().macs) == (11_173_962, 555_422_720)
    large = trace(ResNet(20, stem="imagenet"), 3, 224, 224)
    assert large.specs["layer1.0.relu_1"].shape == (nn.BATCH, 16, 56, 56)
    assert trace(ResNet(152)).hash == trace(ResNet(152, stem="imagenet", width=64)).hash
    assert trace(ResNet(50)).stats().layers[-1].shape == (nn.BATCH, 1000)
    assert trace(ResNet(56)).stats().layers[-1].shape == (nn.BATCH, 10)


def test_depths_of_the_preactivation_network_are_the_papers() -> None:
    kinds = {
        depth: "layer1.0.conv3.weight" in trace(PreActResNet(depth)).parameters
        for depth in (20, 29, 110, 164)
    }
    assert kinds == {20: False, 29: True, 110: False, 164: True}


@pytest.mark.parametrize(
    ("variant", "widths", "depths", "group_width"),
    [
        ("200mf", [24, 56, 152, 368], [1, 1, 4, 7], 8),
        ("400mf", [32, 64, 160, 384], [1, 2, 7, 12], 16),
        ("600mf", [48, 96, 240, 528], [1, 3, 5, 7], 24),
        ("800mf", [64, 128, 288, 672], [1, 3, 7, 5], 16),
        ("1.6gf", [72, 168, 408, 912], [2, 4, 10, 2], 24),
        ("3.2gf", [96, 192, 432, 1008], [2, 6, 15, 2], 48),
        ("4.0gf", [80, 240, 560, 1360], [2, 5, 14, 2], 40),
        ("6.4gf", [168, 392, 784, 1624], [2, 4, 10, 1], 56),
        ("8.0gf", [80, 240, 720, 1920], [2, 5, 15, 1], 120),
        ("12gf", [224, 448, 896, 2240], [2, 5, 11, 1], 112),
        ("16gf", [256, 512, 896, 2048], [2, 6, 13, 1], 128),
        ("32gf", [336, 672, 1344, 2520], [2, 7, 13, 1], 168),
    ],
)
def test_widths_of_regnetx_are_the_papers(
    variant: Any, widths: list[int], depths: list[int], group_width: int
) -> None:
    # Radosavovic et al., figure 11 of the appendix.
    found = stages(VARIANTS[variant])
    assert [width for width, _, _ in found] == widths
    assert [count for _, _, count in found] == depths
    assert {group for _, group, _ in found} == {min(group_width, width) for width in widths}


def test_a_line_of_ones_own() -> None:
    flat = stages(RegNetX("200mf", depth=5, wa=0.0)._line())
    assert flat == [(24, 8, 5)]
    graph = trace(RegNetX("200mf", depth=2, wa=40.0, group_width=16))
    assert {name.split(".")[0] for name in graph.parameters} == {"stem", "layer1", "layer2", "fc"}


def test_drop_path_rises_with_depth() -> None:
    controls = rates(trace(EfficientNet("b0")))
    assert controls.pop("drop.rate") == 0.2
    expected = {}
    for stage, indices, first in ((2, (1,), 1), (3, (1,), 3), (4, (1, 2), 5), (5, (1, 2), 8)):
        expected |= {f"layer{stage}.{i}.drop_path.rate": 0.2 * (first + i) / 16 for i in indices}
    expected |= {f"layer6.{i}.drop_path.rate": 0.2 * (11 + i) / 16 for i in (1, 2, 3)}
    assert controls == pytest.approx(expected)
    assert rates(trace(EfficientNet("b0", drop_path=0.0))) == {"drop.rate": 0.2}
    assert rates(trace(EfficientNet("b6", drop_path=0.0))) == {"drop.rate": 0.5}


def test_dropout_is_a_control() -> None:
    assert rates(trace(MobileNetV2(dropout=0.0))) == {"drop.rate": 0.0}
    assert rates(trace(MobileNetV3("large"))) == {"drop.rate": 0.2}
    assert rates(trace(Vgg(11))) == {"drop1.rate": 0.5, "drop2.rate": 0.5}
    assert rates(trace(AlexNet(dropout=0.1), 3, 64, 64)) == {"drop1.rate": 0.1, "drop2.rate": 0.1}
    assert rates(trace(SimpleCnn())) == {"drop.rate": 0.0}
    wide = rates(trace(WideResNet(16, 1, dropout=0.3)))
    assert wide == {f"layer{s}.{i}.drop.rate": 0.3 for s in (1, 2, 3) for i in (0, 1)}
    assert rates(trace(WideResNet(16, 1))) == {}


def test_parameters_begin_as_torchvisions_do() -> None:
    for network in (ResNet(18), RegNetX(), EfficientNet(), MobileNetV2(), MobileNetV3(), Vgg(11)):
        graph = trace(network)
        for name, spec in graph.parameters.items():
            if len(spec.shape) == 4:
                assert spec.init == KaimingNormal("fan_out"), name
    for network in (RegNetX(), MobileNetV2(), Vgg(11)):
        graph = trace(network)
        assert graph.parameters[graph.nodes[-1].params["weight"]].init == Normal(0.01)
    for network in (RegNetX(), EfficientNet(), MobileNetV2(), MobileNetV3(), Vgg(11)):
        biases = [one for one in trace(network).parameters.values() if one.kind == "bias"]
        assert biases
        assert {one.init for one in biases} == {ZEROS}


@pytest.mark.parametrize(
    ("network", "shown"),
    [
        (ResNet(6 * 10**9 + 2), "6e+09"),
        (PreActResNet(9 * 10**9 + 2), "9e+09"),
        (WideResNet(6 * 10**9 + 4), "6e+09"),
        (RegNetX(depth=10**12), "1e+12"),
        (EfficientNet(depth_multiplier=1e300), "1e+300"),
        (SimpleCnn(blocks=10**9), "1e+09"),
    ],
)
def test_depths_beyond_all_networks_are_refused(network: nn.Network, shown: str) -> None:
    with pytest.raises(ModelError, match=f"at most 10000, and got {re.escape(shown)}"):
        trace(network, 3, 32, 32)


def test_normalizations_are_torchvisions() -> None:
    for network, expected in (
        (EfficientNet("b4"), (1e-5, 0.1)),
        (EfficientNet("b5"), (1e-3, 0.01)),
        (MobileNetV3(), (1e-3, 0.01)),
        (MobileNetV2(), (1e-5, 0.1)),
    ):
        ops = [n.op for n in trace(network).nodes if isinstance(n.op, nn.ops.BatchNormalization)]
        assert {(op.epsilon, op.momentum) for op in ops} == {expected}


def test_overrides_reach_every_depth() -> None:
    graph = trace(
        MobileNetV2(), **{"layer2.1.hidden_channels": 100, "layer3.0.depthwise.kernel_size": 5}
    )
    assert graph.parameters["layer2.1.depthwise.conv.weight"].shape == (100, 1, 3, 3)
    assert graph.parameters["layer3.0.depthwise.conv.weight"].shape == (144, 1, 5, 5)
    wide = trace(ResNet(50), **{"layer1.*.conv2.groups": [2, 4, 8], "layer3.0.conv3.stride": 2})
    assert wide.parameters["layer1.1.conv2.conv.weight"].shape == (64, 16, 3, 3)


def test_simple_cnn_pools_while_there_are_pixels() -> None:
    graph = trace(SimpleCnn((4, 5, 6, 7), blocks=2), 1, 4, 4)
    assert [n for n in graph.parameters if n.endswith("conv.weight")] == [
        f"layer{stage}.{index}.conv.weight" for stage in (1, 2, 3, 4) for index in (0, 1)
    ]
    pools = [graph.specs[n.name].shape[2:] for n in graph.nodes if isinstance(n.op, nn.ops.MaxPool)]
    assert pools == [(2, 2), (1, 1)]
