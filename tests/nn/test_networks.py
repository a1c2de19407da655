from __future__ import annotations

import pytest

from vega_core import nn
from vega_core.errors import ModelError
from vega_tasks.classification.networks import MLP, ResNet


@pytest.mark.parametrize(
    ("depth", "params"),
    [(20, 272_474), (56, 855_770)],
)
def test_parameters_of_the_cifar_resnets(depth: int, params: int) -> None:
    assert nn.trace(ResNet(depth), {"image": nn.batched((3, 32, 32))}).stats().params == params


def test_macs_of_resnet_20() -> None:
    stats = nn.trace(ResNet(20), {"image": nn.batched((3, 32, 32))}).stats()
    assert round(stats.macs / 1e6, 2) == 40.81
    assert sum(layer.macs for layer in stats.layers) == stats.macs
    assert stats.layers[0].macs == 3 * 9 * 16 * 32 * 32


def test_option_a_has_the_papers_parameters() -> None:
    # 0.27 M (He et al., table 6); 269,722 without projections, with batch normalization.
    graph = nn.trace(ResNet(20, shortcut="padding"), {"image": nn.batched((3, 32, 32))})
    assert graph.stats().params == 269_722


@pytest.mark.parametrize("shortcut", ["projection", "padding"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 7, 5), (1, 1, 1)])
@pytest.mark.parametrize("depth", [8, 14])
def test_resnets_fit_pictures_of_any_size(
    shape: tuple[int, ...], depth: int, shortcut: str
) -> None:
    network = ResNet(depth, 4, 7, shortcut)  # type: ignore[arg-type]
    graph = nn.trace(network, {"image": nn.batched(shape)})
    assert graph.specs[graph.outputs["output"]].shape == (nn.BATCH, 7)
    assert len([n for n in graph.nodes if isinstance(n.op, nn.ops.Conv)]) >= depth - 1


@pytest.mark.parametrize("depth", [2, 7, 10, 12, -4])
def test_a_depth_that_there_is_not(depth: int) -> None:
    with pytest.raises(ModelError, match=r"6n \+ 2"):
        nn.trace(ResNet(depth), {"image": nn.batched((1, 8, 8))})


def test_mlp() -> None:
    graph = nn.trace(MLP(3, (5, 4), 0.25), {"x": nn.batched((2, 3))})
    assert graph.stats().params == (6 * 5 + 5) + (5 * 4 + 4) + (4 * 3 + 3)
    assert graph.controls == dict.fromkeys(["drop1.rate", "drop2.rate"], nn.ControlSpec(0.25))
    with pytest.raises(ModelError, match=r"drop1: a dropout rate is in \[0, 1\)"):
        nn.trace(MLP(3, (5,), 1.0), {"x": nn.batched((2,))})


def test_a_shared_parameter_counts_once_and_its_macs_twice() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            layer = nn.Linear(4)
            return layer(layer(x))

    stats = nn.trace(Net(), {"x": nn.batched((4,))}).stats()
    assert (stats.params, stats.macs) == (20, 32)
    assert [layer.params for layer in stats.layers] == [20, 0]


def test_grouped_and_dilated_convolutions_count_right() -> None:
    class Net(nn.Network):
        groups: int = 1

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Conv(12, 3, 2, dilation=2, groups=self.groups, name="conv")(x)

    inputs = {"x": nn.batched((6, 16, 16))}
    for groups in (1, 2, 3, 6):
        stats = nn.trace(Net(groups), inputs).stats()
        assert stats.macs == 8 * 8 * 12 * 9 * 6 // groups
        assert stats.params == 12 * 9 * 6 // groups + 12


def test_statistics_are_remembered() -> None:
    graph = nn.trace(MLP(), {"x": nn.batched((2,))})
    assert graph.stats() is graph.stats()


def test_channels_that_are_right_already_need_no_second_trace() -> None:
    calls = []

    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            calls.append(x)
            return nn.Linear(2, name="b")(nn.Linear(8, name="a")(x))

    inputs = {"x": nn.batched((4,))}
    same = nn.trace(Net(), inputs, {"b.in_features": 8})
    assert len(calls) == 1
    assert same.hash == nn.trace(Net(), inputs).hash
