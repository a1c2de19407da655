"""Which channels can only be removed together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.nn.dependency import STAYS, channel_dependencies
from vega_core.nn.dependency.labels import Labels
from vega_core.nn.dependency.rules.shaping import blocks
from vega_tasks.classification.networks import MobileNetV2, ResNet

Forward = Callable[[nn.Tensor], Any]


def graph_of(forward: Forward, shape: tuple[int, ...] = (3, 4, 4)) -> nn.Graph:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> Any:
            return nn.Linear(2, name="out")(nn.flatten(forward(x)))

    return nn.trace(Net(), {"x": nn.batched(shape)})


def units(graph: nn.Graph, value: str) -> list[int]:
    found = channel_dependencies(graph).values[value][1]
    assert found is not None
    return [int(unit) for unit in found]


def of_parameter(graph: nn.Graph, name: str, axis: int) -> list[int] | None:
    found = channel_dependencies(graph).parameters[name][axis]
    return None if found is None else found.tolist()


def test_the_groups_of_a_resnet() -> None:
    """One of the stem and the sums, one inside each block, as in the paper's encodings."""
    graph = nn.trace(ResNet(20), {"image": nn.batched((3, 8, 8))})
    groups = channel_dependencies(graph).groups
    assert [len(group.units) for group in groups] == [16] * 4 + [32] * 4 + [64] * 4
    stem = groups[0]
    assert stem.values[0] == "stem.conv"
    ends = [f"layer1.{block}.conv2.conv.weight" for block in range(3)]
    assert {("stem.conv.weight", 0), *((name, 0) for name in ends)} <= stem.parameters.keys()
    assert ("layer1.0.conv1.conv.weight", 1) in stem.parameters
    assert ("layer1.0.conv2.norm.running_var", 0) in stem.parameters
    assert not any(group.mixed for group in groups)


def test_a_depthwise_convolution_goes_with_what_it_reads() -> None:
    graph = nn.trace(MobileNetV2(), {"image": nn.batched((3, 32, 32))})
    found = channel_dependencies(graph).parameters
    made = found["layer2.0.expand.conv.weight"][0]
    assert np.array_equal(made, found["layer2.0.depthwise.conv.weight"][0])
    assert np.array_equal(made, found["layer2.0.project.conv.weight"][1])
    assert found["layer2.0.depthwise.conv.weight"][1] is None


def test_groups_go_together_at_one_place() -> None:
    graph = graph_of(lambda x: nn.Conv(6, groups=2, name="b")(nn.Conv(4, name="a")(x)))
    assert units(graph, "a") == [0, 1, 0, 1]
    assert of_parameter(graph, "b.weight", 1) == [0, 1]
    assert units(graph, "b") == [2, 3, 4, 2, 3, 4]


def test_concatenations_and_splits_are_taken_apart() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        a, b = nn.Conv(2, name="a")(x), nn.Conv(3, name="b")(x)
        left, right = nn.split(nn.concat([a, b]), (3, 2))
        return nn.concat([left + nn.Conv(3, name="c")(x), right])

    graph = graph_of(forward)
    assert units(graph, "a") == [0, 1]
    assert units(graph, "c") == [0, 1, 2]
    assert units(graph, "b") == [2, 3, 4]
    assert of_parameter(graph, "out.weight", 1) == np.repeat([0, 1, 2, 3, 4], 16).tolist()


def test_a_shuffle_by_reshapes_is_one_by_an_operator() -> None:
    def reshaped(x: nn.Tensor) -> nn.Tensor:
        y = nn.reshape(nn.Conv(6, name="a")(x), -1, 2, 3, 4, 4)
        return nn.reshape(nn.transpose(y, 0, 2, 1, 3, 4), -1, 6, 4, 4)

    one = graph_of(reshaped)
    two = graph_of(lambda x: nn.channel_shuffle(nn.Conv(6, name="a")(x), 2))
    for graph in (one, two):
        assert units(graph, "a") == [0, 1, 2, 0, 1, 2]
        assert of_parameter(graph, "out.weight", 1) == np.repeat([0, 0, 1, 1, 2, 2], 16).tolist()


def test_features_become_a_picture() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        y = nn.Linear(12, name="fc")(nn.flatten(x))
        return nn.Conv(2, name="c")(nn.reshape(y, -1, 3, 2, 2))

    graph = graph_of(forward)
    assert units(graph, "fc") == np.repeat([0, 1, 2], 4).tolist()
    assert of_parameter(graph, "c.weight", 1) == [0, 1, 2]


def test_pixels_become_channels_and_back() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        y = nn.pixel_unshuffle(nn.Conv(2, name="a")(x), 2)
        return nn.pixel_shuffle(nn.Conv(8, 1, name="b")(y), 2)

    graph = graph_of(forward)
    assert of_parameter(graph, "b.weight", 1) == np.repeat([0, 1], 4).tolist()
    assert units(graph, "b") == np.repeat([2, 3], 4).tolist()


def test_what_is_called_twice_takes_and_gives_the_same() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        shared = nn.Conv(4, name="shared")
        return shared(nn.relu(shared(nn.Conv(4, name="a")(x))))

    graph = graph_of(forward)
    assert units(graph, "a") == units(graph, "shared") == units(graph, "shared_2") == [0, 1, 2, 3]


def test_zeros_of_a_padded_shortcut_go_with_what_meets_them() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        a = nn.Conv(2, name="a")(x)
        wide = nn.pad(a, (0, 1, 0, 0, 0, 1, 0, 0))
        return wide + nn.Conv(4, name="b")(x)

    found = channel_dependencies(graph_of(forward))
    b = found.values["b"][1]
    assert b is not None
    assert len(set(b.tolist())) == 4
    assert found.values["a"][1].tolist() == b[1:3].tolist()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("forward", "value", "reason"),
    [
        (lambda x: x + nn.Conv(3, name="a")(x), "a", "meet others that stay in Add 'add_1'"),
        (lambda x: nn.Conv(3, name="a")(x)[:, ::2], "a", "are read by Slice"),
        (lambda x: nn.cast(nn.argmax(nn.Conv(3, name="a")(x), 1), "float32"), "a", "by ArgMax"),
        (lambda x: x, "out", "are those of the output 'output'"),
        (lambda x: x, "x", ""),
    ],
)
def test_why_channels_stay(forward: Forward, value: str, reason: str) -> None:
    found = channel_dependencies(graph_of(forward))
    with pytest.raises(ModelError, match=f"of '{value}' .*be removed.*{reason}"):
        found.units_of(value, [0])
    assert found.values[value][1] is None or (found.values[value][1] == STAYS).any()


@pytest.mark.parametrize(
    ("value", "channels", "message"),
    [
        ("b", [0], "'b' is no value with channels"),
        ("a", [0, 4], "'a' has the channels 0 to 3, not 4"),
        ("a", [-1], "'a' has the channels 0 to 3, not -1"),
    ],
)
def test_channels_that_are_not_there(value: str, channels: list[int], message: str) -> None:
    found = channel_dependencies(graph_of(lambda x: nn.Conv(4, name="a")(x)))
    with pytest.raises(ModelError, match=message):
        found.units_of(value, channels)


def test_what_depends_on_how_many_there_are_is_noted() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        y = nn.GroupNorm(2, name="norm")(nn.Conv(4, name="a")(x))
        return nn.Conv(3, name="b")(y)

    first, second = channel_dependencies(graph_of(forward)).groups
    assert (first.values[0], first.mixed) == ("a", ("norm",))
    assert (second.values[0], second.mixed) == ("b", ())


def test_the_flows_of_channels_are_those_of_overrides() -> None:
    """What `channel_groups` joins has the same units, wherever it does."""
    for network in (ResNet(8, 4), MobileNetV2()):
        graph = nn.trace(network, {"image": nn.batched((3, 8, 8))})
        found = channel_dependencies(graph).values
        groups = nn.channel_groups(graph)
        for name, group in groups.items():
            if not group.fixed and len(graph.specs[name].shape) == 4:
                assert np.array_equal(found[name][1], found[group.values[0]][1]), name


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((-1, 6, 4, 4), (-1, 2, 3, 4, 4), "0:1>0:1 1:2>1:3 2:3>3:4 3:4>4:5"),
        ((-1, 3, 4), (-3, 4), "0:2>0:1 2:3>1:2"),
        ((-12,), (-1, 3, 4), "0:1>0:3"),
        ((4, -1), (-1, 4), "0:2>0:2"),
        ((-1, 1, 1), (-1,), "0:1>0:1 1:3>1:1"),
        ((-1,), (-1, 1, 1), "0:1>0:1 1:1>1:3"),
        ((2, 3), (3, 2), "0:2>0:2"),
        ((), (1,), "0:0>0:1"),
    ],
)
def test_reshapes_are_taken_apart(
    old: tuple[int, ...], new: tuple[int, ...], expected: str
) -> None:
    found = [f"{a.start}:{a.stop}>{b.start}:{b.stop}" for a, b in blocks(old, new)]
    assert " ".join(found) == expected


def test_numbers_are_joined_as_by_a_plain_union_find() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        labels, count = Labels(), int(rng.integers(2, 400))
        ids, plain = labels.fresh(count), list(range(count))
        for _ in range(6):
            a, b = rng.integers(0, count, (2, int(rng.integers(1, 50))))
            labels.join(ids[a], ids[b])
            for x, y in zip(a.tolist(), b.tolist(), strict=True):
                low, high = sorted((plain[x], plain[y]))
                plain = [low if p == high else p for p in plain]
        assert labels.find(ids).tolist() == plain


def test_a_large_network_takes_a_moment() -> None:
    graph = nn.trace(ResNet(50), {"image": nn.batched((3, 32, 32))})
    found = channel_dependencies(graph)
    assert found.count == 64 + sum(
        2 * w * n + 4 * w for w, n in ((64, 3), (128, 4), (256, 6), (512, 3))
    )
