from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_tasks.classification.networks import MLP, ResNet

PICTURE = {"image": nn.batched((1, 8, 8))}


def channels(graph: nn.Graph, part: str) -> list[int]:
    return [
        spec.shape[0]
        for name, spec in graph.parameters.items()
        if part in name and name.endswith("conv.weight")
    ]


def test_a_name_reaches_any_depth() -> None:
    graph = nn.trace(ResNet(8, 4), PICTURE, {"layer2.0.conv1.out_channels": 5, "fc.bias": False})
    assert channels(graph, "conv1") == [4, 5, 16]
    assert "fc.bias" not in graph.parameters


def test_the_networks_own_fields_have_no_prefix() -> None:
    assert (
        nn.trace(ResNet(8, 4), PICTURE, {"depth": 14}).hash == nn.trace(ResNet(14, 4), PICTURE).hash
    )


def test_a_pattern_takes_one_value_for_all_or_one_each_in_trace_order() -> None:
    pattern = "layer*.conv1.out_channels"
    assert channels(nn.trace(ResNet(8, 4), PICTURE, {pattern: 7}), "conv1") == [7, 7, 7]
    each = nn.trace(ResNet(8, 4), PICTURE, {pattern: np.array([5, 6, 7])})
    assert channels(each, "conv1") == [5, 6, 7]


@pytest.mark.parametrize("values", [[5, 6], [5, 6, 7, 8], []])
def test_a_pattern_needs_exactly_as_many_values(values: list[int]) -> None:
    with pytest.raises(ModelError, match=rf"has {len(values)} values and matches 3"):
        nn.trace(ResNet(8, 4), PICTURE, {"layer*.conv1.out_channels": values})


def test_too_few_values_are_told_before_the_shape_error_they_cause() -> None:
    class Sum(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(4, name="a")(x) + nn.Linear(4, name="b")(x)

    inputs = {"x": nn.batched((4,))}
    with pytest.raises(ShapeError, match="cannot broadcast"):
        nn.trace(Sum(), inputs, {"a.out_features": 3})
    with pytest.raises(ModelError, match="has 1 values and matches 2 times or more"):
        nn.trace(Sum(), inputs, {"*.out_features": [3]})


def test_an_override_that_matches_nothing_names_the_nearest() -> None:
    with pytest.raises(ModelError, match=r"did you mean 'layer1\.0\.conv1\.out_channels'"):
        nn.trace(ResNet(8, 4), PICTURE, {"layer1.0.conv1.out_channel": 5})
    with pytest.raises(ModelError, match=r"'blocks\*\.width' matches no"):
        nn.trace(ResNet(8, 4), PICTURE, {"blocks*.width": 5})


def test_overrides_that_contradict_name_both() -> None:
    overrides = {"layer1.0.conv1.out_channels": 5, "layer1.*.conv1.out_channels": 6}
    with pytest.raises(ModelError, match=r"contradict .*gives 5.*gives 6"):
        nn.trace(ResNet(8, 4), PICTURE, overrides)
    agreed = {"layer1.0.conv1.out_channels": 5, "layer1.*.conv1.out_channels": 5}
    assert channels(nn.trace(ResNet(8, 4), PICTURE, agreed), "layer1.0.conv1") == [5]


@pytest.mark.parametrize("value", ["wide", 2.5, None, [3], True])
def test_a_value_of_the_wrong_type_names_the_hyperparameter(value: Any) -> None:
    with pytest.raises(ModelError, match=r"^layer1\.0\.conv1\.out_channels: expected int, got"):
        nn.trace(ResNet(8, 4), PICTURE, {"layer1.0.conv1.out_channels": value})


def test_whole_numbers_of_any_type_are_welcome() -> None:
    for value in (5, 5.0, np.int64(5), np.float32(5)):
        graph = nn.trace(ResNet(8, 4), PICTURE, {"layer1.0.conv1.out_channels": value})
        assert channels(graph, "layer1.0.conv1") == [5]


def test_a_sequence_under_an_exact_name_is_the_value() -> None:
    graph = nn.trace(MLP(10), PICTURE, {"hidden": [8, 9]})
    assert graph.parameters["fc2.weight"].shape == (9, 8)


def test_an_override_that_breaks_shapes_names_the_place() -> None:
    message = r"^layer1\.0: cannot broadcast \(N, 4, 8, 8\) with \(N, 4, 9, 9\)$"

    class Even(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            x = nn.Conv(4, padding=1, name="stem")(x)
            return Body(name="layer1.0")(x)  # type: ignore[no-any-return]

    class Body(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return x + nn.Conv(4, padding=1, name="conv")(x)

    with pytest.raises(ShapeError, match=message):
        nn.trace(Even(), PICTURE, {"layer1.0.conv.kernel_size": 2})


def test_a_shared_module_is_overridden_once() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            layer = nn.Linear(64, name="layer")
            return layer(layer(nn.flatten(x)))

    graph = nn.trace(Net(), PICTURE, {"*.bias": [False]})
    assert list(graph.parameters) == ["layer.weight"]


def test_mode_is_set_by_name() -> None:
    graph = nn.trace(ResNet(8, 4), PICTURE, {"layer1.0.mode": "eval"}).in_mode("train")
    modes = {n.name: n.op.mode for n in graph.nodes if isinstance(n.op, nn.ops.BatchNormalization)}
    assert {name for name, mode in modes.items() if mode == "eval"} == {
        "layer1.0.conv1.norm",
        "layer1.0.conv2.norm",
    }
    assert set(modes.values()) == {"train", "eval"}
    with pytest.raises(ModelError, match=r"layer1\.0\.mode: expected"):
        nn.trace(ResNet(8, 4), PICTURE, {"layer1.0.mode": "frozen"})


def test_the_innermost_mode_wins() -> None:
    overrides = {"layer1.0.mode": "eval", "layer1.0.conv1.norm.mode": "train"}
    graph = nn.trace(ResNet(8, 4), PICTURE, overrides).in_mode("eval")
    training = [node.name for node in graph.nodes if getattr(node.op, "mode", None) == "train"]
    assert training == ["layer1.0.conv1.norm"]


def test_a_pattern_matches_once_inside_a_shared_module() -> None:
    class Body(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(64, name="fc2")(nn.Linear(64, name="fc1")(x))

    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            body = Body(name="body")
            return body(body(nn.flatten(x)))

    graph = nn.trace(Net(), PICTURE, {"body.*.bias": [False, True]})
    assert list(graph.parameters) == ["body.fc1.weight", "body.fc2.weight", "body.fc2.bias"]
    with pytest.raises(ModelError, match="has 1 values and matches 2"):
        nn.trace(Net(), PICTURE, {"body.*.bias": [False]})


def test_a_value_that_is_no_record_is_refused() -> None:
    message = r"^fc\.weight_init: expected Initializer \| None, got 'zeros'$"
    with pytest.raises(ModelError, match=message):
        nn.trace(ResNet(8, 4), PICTURE, {"fc.weight_init": "zeros"})
    init = nn.initializers.Full(2.0)
    graph = nn.trace(ResNet(8, 4), PICTURE, {"fc.weight_init": init})
    assert graph.parameters["fc.weight"].init == init


class Convolving(nn.Network):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Conv(4, 3, name="c")(x)


@pytest.mark.parametrize("field", ["kernel_size", "stride", "padding", "dilation"])
@pytest.mark.parametrize("sizes", [[], [1], [1, 1, 1], [1] * 5])
def test_sizes_for_another_number_of_axes_name_the_module(field: str, sizes: list[int]) -> None:
    message = rf"^c: {len(sizes)} sizes .* for 2 spatial axes"
    with pytest.raises(ShapeError, match=message):
        nn.trace(Convolving(), PICTURE, {f"c.{field}": sizes})


def test_sizes_come_one_an_axis_or_one_a_side() -> None:
    def shape(**changes: Any) -> tuple[int, ...]:
        overrides = {f"c.{name}": value for name, value in changes.items()}
        graph = nn.trace(Convolving(), PICTURE, overrides)
        return graph.specs[graph.outputs["output"]].shape

    assert shape(padding=[0, 1]) == (-1, 4, 6, 8)
    assert shape(padding=[0, 1, 2, 3]) == (-1, 4, 8, 10)
    assert shape(stride=[2, 1]) == (-1, 4, 4, 8)


def test_of_a_module_that_allows_none_nothing_is_overridden() -> None:
    class Closed(nn.Network):
        overridable = ()
        features: int = 3

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(self.features, name="fc")(x)

    inputs = {"x": nn.batched((4,))}
    with pytest.raises(ModelError, match="'features' matches no hyperparameter"):
        nn.trace(Closed(), inputs, {"features": 5})
    assert nn.trace(Closed(), inputs, {"fc.out_features": 5}).parameters["fc.bias"].shape == (5,)
