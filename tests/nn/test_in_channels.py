"""Channels: who makes them, who shares them, and setting them where they are taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_tasks.classification.networks import MobileNetV2, ResNet
from vega_tasks.classification.networks.blocks import ConvBn

PICTURE = {"image": nn.batched((3, 8, 8))}
Forward = Callable[[nn.Tensor], Any]


def network(forward: Forward) -> nn.Network:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> Any:
            return forward(x)

    return Net()


def traced(forward: Forward, overrides: Mapping[str, Any] | None = None) -> nn.Graph:
    return nn.trace(network(forward), PICTURE, overrides)


def made(graph: nn.Graph) -> dict[str, int]:
    """Output channels by the operator that has a weight."""
    return {
        name.removesuffix(".weight").removesuffix(".conv"): spec.shape[0]
        for name, spec in graph.parameters.items()
        if name.endswith(".weight") and len(spec.shape) > 1
    }


def changed(model: nn.Network, overrides: Mapping[str, Any]) -> dict[str, int]:
    """Output channels that an override changes."""
    before, after = (made(nn.trace(model, PICTURE, o)) for o in ({}, overrides))
    assert before.keys() == after.keys()
    return {name: after[name] for name in after if after[name] != before[name]}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"layer1.0.conv2.in_channels": 5}, {"layer1.0.conv1": 5}),
        ({"layer1.0.conv2.conv.in_channels": 5}, {"layer1.0.conv1": 5}),
        ({"layer1.0.conv2.norm.in_channels": 5}, {"stem": 5, "layer1.0.conv2": 5}),
        ({"layer2.0.in_channels": 5}, {"stem": 5, "layer1.0.conv2": 5}),
        ({"layer2.0.shortcut.in_channels": 5}, {"stem": 5, "layer1.0.conv2": 5}),
        ({"layer1.0.in_channels": 5}, {"stem": 5, "layer1.0.conv2": 5}),
        ({"fc.in_features": 5}, {"layer3.0.conv2": 5, "layer3.0.shortcut": 5}),
        ({"fc.in_channels": 5}, {"layer3.0.conv2": 5, "layer3.0.shortcut": 5}),
        ({"layer*.0.conv2.in_channels": 5}, {f"layer{i}.0.conv1": 5 for i in (1, 2, 3)}),
        (
            {"layer*.0.conv2.in_channels": np.array([5, 6, 7])},
            {"layer1.0.conv1": 5, "layer2.0.conv1": 6, "layer3.0.conv1": 7},
        ),
        ({"stem.in_channels": 3}, {}),
        ({"layer1.0.conv1.in_channels": 5, "layer2.0.in_channels": 5.0},
         {"stem": 5, "layer1.0.conv2": 5}),
        ({"layer1.0.conv2.in_channels": 5, "layer1.0.conv1.out_channels": 5},
         {"layer1.0.conv1": 5}),
    ],
)  # fmt: skip
def test_the_makers_of_the_channels_are_set(
    overrides: dict[str, Any], expected: dict[str, int]
) -> None:
    assert changed(ResNet(8, 4), overrides) == expected


def test_channels_are_followed_through_depthwise_convolutions() -> None:
    key = "layer2.0.project.in_channels"
    expected = {"layer2.0.expand": 24, "layer2.0.depthwise": 24}
    assert changed(MobileNetV2(), {key: 24}) == expected
    assert changed(MobileNetV2(), {"layer2.0.depthwise.in_channels": 24}) == expected


def test_channels_are_followed_through_what_keeps_them() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        x = nn.Conv(6, name="a")(x)
        x = nn.Dropout(0.1, name="drop")(nn.BatchNorm(name="norm")(x))
        x = nn.max_pool(nn.pad(nn.relu(x), (0, 0, 1, 1, 0, 0, 1, 1)), 2, 2)
        x = nn.by_mode(nn.stop_gradient(x) * nn.control("rate", 1.0), x / 2)
        x = nn.choice("op", [nn.relu, nn.Conv(6, name="b"), nn.identity], x)
        x = nn.concat([x, x], 2)
        return nn.Linear(2, name="fc")(nn.reduce_mean(x, (2, 3)))

    assert changed(network(forward), {"fc.in_features": 9}) == {"a": 9, "b": 9}


def test_one_number_for_a_gate_and_what_it_gates() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        x = nn.Conv(6, name="a")(x)
        squeezed = nn.Conv(2, 1, name="reduce")(nn.global_average_pool(x))
        return nn.Conv(1, name="last")(
            x * nn.sigmoid(nn.Conv(x.channels, 1, name="gate")(squeezed))
        )

    assert changed(network(forward), {"last.in_channels": 5}) == {"a": 5, "gate": 5}
    assert changed(network(forward), {"gate.in_channels": 5}) == {"reduce": 5}


def test_a_module_that_is_called_twice_takes_one_number() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        shared = nn.Conv(4, name="shared")
        return shared(nn.relu(shared(nn.Conv(4, name="first")(x))))

    both = {"first": 5, "shared": 5}
    assert changed(network(forward), {"shared.in_channels": 5}) == both


def test_a_field_of_that_name_is_an_ordinary_hyperparameter() -> None:
    class Owner(nn.Block):
        in_channels: int = 4

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Conv(2, name="after")(nn.Conv(self.in_channels, name="before")(x))

    model = network(lambda x: nn.Conv(1, name="last")(Owner(name="own")(x)))
    assert changed(model, {"own.in_channels": 7}) == {"own.before": 7}
    assert changed(model, {"*.in_channels": [7, 3, 7, 5]}) == {"own.before": 7, "own.after": 5}


def test_a_pattern_finds_what_out_channels_would_find() -> None:
    shapes = [4] * 9
    with pytest.raises(ModelError, match=r"'\*conv2\.in_channels' has 2 values and matches 3"):
        nn.trace(ResNet(8, 4), PICTURE, {"*conv2.in_channels": shapes[:2]})
    for name in ("in_channels", "out_channels"):
        with pytest.raises(ModelError, match=r"has 0 values and matches 21 times$"):
            nn.trace(ResNet(8, 4), PICTURE, {f"*.{name}": []})
    assert changed(ResNet(8, 4), {"*.in_features": 5}) == changed(
        ResNet(8, 4), {"fc.in_features": 5}
    )


def test_the_papers_spellings() -> None:
    plain = changed(ResNet(8, 4), {"layer2.0.in_channels": 5, "layer1.0.conv1.out_channels": 6})
    old = {"layer2.0.inchannels": 5, "layer1.0.conv1.outchannels": 6}
    assert changed(ResNet(8, 4), old) == plain
    for pattern in ("layer*.0.conv2.in{}channels", "layer*.0.conv1.out{}channels"):
        new, spelled = ({pattern.format(x): [5, 6, 7]} for x in ("_", ""))
        assert changed(ResNet(8, 4), new) == changed(ResNet(8, 4), spelled)
    both = {"layer2.0.inchannels": 5, "layer2.0.in_channels": 6}
    assert "'layer2.0.in_channels' gives 6" in refused(ResNet(8, 4), both)

    class Old(nn.Block):
        outchannels: int = 3
        out_channels: int = 4

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            y = nn.Conv(self.outchannels, name="a")(x)
            return nn.Conv(self.out_channels, name="b")(y)

    model = network(lambda x: Old(name="old")(x))
    assert changed(model, {"old.outchannels": 7}) == {"old.a": 7}


def refused(model: nn.Network, overrides: Mapping[str, Any], kind: type = ModelError) -> str:
    with pytest.raises(kind) as caught:
        nn.trace(model, PICTURE, overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"stem.in_channels": 5}, ["'stem.in_channels'", "5", "its 3 come from the input 'image'"]),
        (
            {"layer2.0.in_channels": 5, "layer2.0.shortcut.in_channels": 6},
            ["'layer2.0.in_channels' wants 5", "'layer2.0.shortcut.in_channels' wants 6"],
        ),
        (
            {"layer2.0.in_channels": 4, "layer2.0.shortcut.in_channels": 6},
            ["'layer2.0.in_channels' wants 4", "'layer2.0.shortcut.in_channels' wants 6"],
        ),
        (
            {"layer1.0.conv2.in_channels": 5, "layer1.0.conv1.conv.out_channels": 6},
            ["'layer1.0.conv2.in_channels' wants 5", "'layer1.0.conv1.conv.out_channels' gives 6"],
        ),
        (
            {"layer1.0.conv2.in_channels": 5, "*conv1.out_channels": 6},
            ["'layer1.0.conv2.in_channels' wants 5", "'*conv1.out_channels' gives 6"],
        ),
        (
            {"layer2.0.in_channels": 5, "layer1.0.out_channels": 6},
            ["'layer2.0.in_channels' wants 5", "'layer1.0.out_channels' gives 6"],
        ),
        ({"layer1.0.conv2.in_channel": 5}, ["did you mean 'layer1.0.conv2.in_channels'"]),
        ({"layer1.9.conv2.in_channels": 5}, ["matches no", "'layer1.0.conv2.in_channels'"]),
        ({"layer1.0.conv2.in_channels": "x"}, ["layer1.0.conv2.in_channels: expected int"]),
        ({"layer1.0.conv2.in_channels": True}, ["layer1.0.conv2.in_channels: expected int"]),
        ({"layer1.0.conv2.in_channels": [5]}, ["layer1.0.conv2.in_channels: expected int"]),
        ({"layer1.0.conv2.in_channels": 0}, ["positive, got 0"]),
        ({"in_channels": 4}, ["its 3 come from the input 'image'"]),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_named(overrides: dict[str, Any], words: list[str]) -> None:
    message = refused(ResNet(8, 4), overrides)
    assert all(word in message for word in words), message


def test_padded_channels_cannot_be_set() -> None:
    padded = ResNet(8, 4, shortcut="padding")
    message = refused(padded, {"layer3.0.in_channels": 5})
    assert "its 8 are padded by Pad 'layer2.0.pad_1'" in message


@pytest.mark.parametrize(
    ("join", "words"),
    [
        (lambda a, b: nn.concat([a, b]), "its 8 are concatenated by Concat 'concat_1'"),
        (lambda a, b: nn.flatten(a), "its 256 are made of more axes than the channels by Flatten"),
        (lambda a, b: a * nn.parameter("p", (1, 4, 1, 1)), "its 4 come out of Parameter 'p'"),
        (
            lambda a, b: a * nn.parameter("p", (4, 1, 1)),
            "its 4 are those of an array of shape (4, 1, 1) in Mul 'mul_1'",
        ),
        (
            lambda a, b: a * nn.control("c", 1.0, (1, 4, 1, 1)),
            "its 4 come from the control 'c'",
        ),
        (lambda a, b: nn.split(a, 2, 1)[0], "its 2 are a part cut out by Split"),
        (lambda a, b: nn.transpose(a, 0, 2, 1, 3), "its 8 are another axis before Transpose"),
    ],
)
def test_operators_that_stop_it_are_named(join: Any, words: str) -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        y = join(nn.Conv(4, name="a")(x), nn.Conv(4, name="b")(x))
        layer = nn.Conv(1, name="last") if len(y.shape) > 2 else nn.Linear(1, name="last")
        return layer(y)

    assert words in refused(network(forward), {"last.in_channels": 7})


def test_a_depthwise_convolution_of_a_fixed_number_is_named() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        x = nn.Conv(8, name="a")(x)
        return nn.Conv(3, name="last")(nn.Conv(8, groups=8, name="depthwise")(x))

    message = refused(network(forward), {"last.in_channels": 6}, ShapeError)
    assert message.startswith("depthwise: 8 groups must divide the 6 input channels")
    assert "after setting 'a.out_channels' to 6 for 'last.in_channels'" in message


def test_a_maker_without_a_field_is_named() -> None:
    class Own(nn.Block):
        wide: int = 4

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return x.apply(nn.ops.Gemm(self.wide))

    class Wrong(Own):
        out_features: int = 4

    def forward(x: nn.Tensor, kind: type[Own]) -> nn.Tensor:
        return nn.Linear(2, name="fc")(kind(name="own")(nn.flatten(x)))

    message = refused(network(lambda x: forward(x, Own)), {"fc.in_features": 5})
    assert "they are made by 'own.gemm_1', whose module 'own' has no out_channels" in message
    message = refused(network(lambda x: forward(x, Wrong)), {"fc.in_features": 5})
    assert "'fc', which takes 4 although own.out_features has been set to it" in message


def test_a_module_that_reads_several_values_is_ambiguous() -> None:
    class Two(nn.Block):
        def forward(self, a: nn.Tensor, b: nn.Tensor) -> nn.Tensor:
            return nn.concat([nn.relu(a), nn.relu(b)])

    def forward(x: nn.Tensor) -> nn.Tensor:
        return Two(name="two")(nn.Conv(2, name="a")(x), nn.Conv(3, name="b")(x))

    message = refused(network(forward), {"two.in_channels": 5})
    assert "'two' reads a, b, which have channels of their own each" in message


def test_a_module_that_reads_nothing_is_named() -> None:
    class Ones(nn.Block):
        def forward(self) -> nn.Tensor:
            return nn.parameter("p", (3, 1, 1))

    message = refused(network(lambda x: x * Ones(name="ones")()), {"ones.in_channels": 5})
    assert "'ones' reads no channels" in message


def test_groups_of_a_small_network() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        y = ConvBn(4, name="a")(x)
        y = nn.relu(y + ConvBn(4, name="b")(y))
        return nn.Linear(2, name="fc")(nn.flatten(nn.global_average_pool(y)))

    graph = traced(forward)
    groups = nn.channel_groups(graph)
    inner = groups["a.conv"]
    assert set(inner.values) == set(graph.specs) - {"image", "fc"}
    assert [node.name for node in inner.makers] == ["a.conv", "b.conv"]
    assert (inner.channels, inner.fixed) == (4, ())
    assert groups["image"].fixed == ("come from the input 'image'",)
    assert [node.name for node in groups["fc"].makers] == ["fc"]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_setting_where_channels_are_taken_is_setting_where_they_are_made(
    data: st.DataObject,
) -> None:
    """Any operator of a network, any number: what it takes is that, unless it takes the input."""
    model = data.draw(
        st.sampled_from([ResNet(8, 4), ResNet(14, 4), MobileNetV2(width_multiplier=0.25)])
    )
    graph = nn.trace(model, PICTURE)
    convs = [node for node in graph.nodes if isinstance(node.op, (nn.ops.Conv, nn.ops.Gemm))]
    node = data.draw(st.sampled_from(convs))
    channels = data.draw(st.integers(4, 20))
    overrides = {f"{node.name}.in_channels": channels}
    if "image" in node.inputs:
        with pytest.raises(ModelError, match="come from the input 'image'"):
            nn.trace(model, PICTURE, overrides)
        return
    found = nn.trace(model, PICTURE, overrides)
    (same,) = [one for one in found.nodes if one.name == node.name]
    assert found.specs[same.inputs[0]].shape[1] == channels
