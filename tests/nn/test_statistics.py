"""Counts against reference figures, arithmetic by hand, and a slow count of memory."""

from __future__ import annotations

import doctest
import random
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega_core import describe_model, nn
from vega_core.errors import ModelError, PluginError, ShapeError
from vega_core.nn import bits
from vega_core.nn.bits import Bits
from vega_core.nn.liveness import live_bytes, size_of
from vega_core.pipeline import described, finding

CIFAR = (3, 32, 32)
FIRST, CLASSIFIER = 442_368, 640


def resnet20(shortcut: str = "projection") -> nn.graph.Graph:
    return describe_model({"type": "ResNet", "depth": 20, "shortcut": shortcut}).graph(CIFAR)


@pytest.mark.parametrize(
    ("bits", "projection", "padding", "projection_8x8", "padding_8x8"),
    [
        (2, "161.48M", "160.43M", "189.79M", "188.74M"),
        (3, "363.33M", "360.97M", "391.64M", "389.28M"),
        (4, "645.92M", "641.73M", "674.23M", "670.04M"),
        (8, "2583.69M", "2566.91M", "2612.00M", "2595.23M"),
    ],
)
def test_bit_operations_of_resnet_20(bits, projection, padding, projection_8x8, padding_8x8):
    """The reference figures are sums over the layers between the first and the classifier."""
    for shortcut, quantized, and_first in (
        ("projection", projection, projection_8x8),
        ("padding", padding, padding_8x8),
    ):
        stats = resnet20(shortcut).stats()
        assert stats.bops is None
        found = [
            stats.with_bits(Bits(bits, bits)),
            stats.with_bits(f"w{bits}a{bits},first=w8a8"),
        ]
        assert [f"{one.bops / 1e6:.2f}M" for one in found] == [quantized, and_first]
        everything = stats.with_bits(f"{bits}x{bits}, first=same, last=same")
        assert everything.bops == stats.macs * bits * bits
        assert everything.bops - found[0].bops == (FIRST + CLASSIFIER) * bits * bits


def test_the_classifier_is_not_in_the_reference_figures():
    stats = resnet20().stats()
    assert stats.macs == 40_812_544 + CLASSIFIER
    with_it = stats.with_bits("w8a8,last=same")
    assert f"{with_it.bops / 1e6:.2f}M" == "2583.73M" != "2583.69M"


def test_bits_of_single_layers():
    stats = resnet20().stats()
    bits = Bits(4, 4, layers={"layer1.0.conv1.conv": (2, 8), "stem.conv": (1, 1)})
    found = stats.with_bits(bits)
    by_name = {layer.name: layer for layer in found.layers}
    assert by_name["layer1.0.conv1.conv"].bops == 2_359_296 * 16
    assert by_name["stem.conv"].bops == FIRST
    assert by_name["fc"].bops == by_name["stem.norm"].bops == 0
    assert found.bops == sum(layer.bops for layer in found.layers)
    assert found.bops == stats.with_bits("w4a4").bops + FIRST
    with pytest.raises(ModelError, match=r"no layer 'stem.norm'; did you mean 'stem.conv'\?"):
        stats.with_bits(Bits(4, 4, layers={"stem.norm": (2, 2)}))


def test_a_network_of_one_layer_has_a_first_and_no_last():
    stats = nn.trace(nn.Linear(2), {"x": nn.batched((3,))}).stats()
    assert stats.with_bits("w2a2").bops == 0
    assert stats.with_bits("w2a2,last=same").bops == 0
    assert stats.with_bits("w2a2,first=same").bops == 6 * 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4", "bits '4': expected bits of weights and activations such as 'w4a4'"),
        ("w4", "bits 'w4'"),
        ("float", "bits 'float'"),
        ("w4a4,first", "expected 'first=...' or 'last=...' after the comma, got 'first'"),
        ("w4a4,frist=same", "did you mean 'first'"),
        ("w4a4,first=same,first=float", "got 'first=float'"),
        ("w4a4,last=w4", "bits 'w4'"),
        ("w0a4", "bits of a weight are 1 to 64, and got 0"),
        ("w4a65", "bits of an activation are 1 to 64, and got 65"),
        ("", "bits ''"),
    ],
)
def test_what_is_no_bit_width_is_told(text, message):
    with pytest.raises(ModelError) as raised:
        Bits.parse(text)
    assert message in str(raised.value)


@pytest.mark.parametrize("given", [4, 3.0, (4, 4), {"weights": 4}, b"w4a4"])
def test_bits_are_text_or_bits(given):
    with pytest.raises(ModelError, match=r"bits .*: expected text such as 'w4a4', or Bits\(4, 4\)"):
        describe_model({"type": "MLP"}).stats((64,), given)


@pytest.mark.parametrize(
    "widths",
    [
        ("4", 4),
        (4, 4.0),
        (4, True),
        (4, 4, 3),
        (4, 4, "same", None),
        (4, 4, "same", "same", 3),
        (4, 4, "same", "same", {"fc1": 3}),
        (4, 4, "same", "same", {"fc1": (3,)}),
    ],
)
def test_widths_are_numbers(widths):
    with pytest.raises(ModelError, match="bits"):
        Bits(*widths)


@given(st.integers(1, 64), st.integers(1, 64), st.sampled_from(["float", "same", "w3a5"]))
def test_bits_are_read_as_they_are_written(weights, activations, first):
    bits = Bits(weights, activations, first)
    assert Bits.parse(f"{bits},first={first}") == bits


class Branching(nn.Network):
    """A convolution, a matrix product without weights, and a layer that is called twice."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        y = nn.Conv(4, 3, name="conv")(x)
        twice = nn.Conv(4, 1, bias=False, name="twice")
        y = nn.BatchNorm(name="norm")(twice(twice(y)))
        return nn.Linear(5, name="head")(nn.flatten(nn.relu(y)))


def test_activations_are_what_convolutions_and_dense_layers_put_out():
    stats = nn.trace(Branching(), {"x": nn.batched((2, 6, 7))}).stats()
    found = {layer.name: layer.activations for layer in stats.layers if layer.activations}
    assert found == {"conv": 168, "twice": 168, "twice_2": 168, "head": 5}
    assert stats.activations == 3 * 168 + 5


class Attention(nn.Network):
    """A product of two values, and one with a weight that is computed."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        weight = nn.parameter("weight", (4, 3)) * 0.5
        return nn.matmul(nn.matmul(x, nn.transpose(x, 0, 2, 1)), nn.matmul(x, weight))


def test_a_product_with_a_weight_is_a_layer_and_one_of_two_values_is_not():
    stats = nn.trace(Attention(), {"x": nn.batched((5, 4))}).stats()
    products = [layer for layer in stats.layers if layer.op == "MatMul"]
    assert [layer.macs for layer in products] == [5 * 5 * 4, 5 * 3 * 4, 5 * 3 * 5]
    assert [layer.activations for layer in products] == [0, 5 * 3, 0]
    assert stats.with_bits("w2a2,first=same").bops == 5 * 3 * 4 * 4


def test_parameters_and_their_bytes_count_once():
    stats = nn.trace(Branching(), {"x": nn.batched((2, 6, 7))}).stats()
    by_name = {layer.name: layer for layer in stats.layers}
    assert (by_name["twice"].params, by_name["twice_2"].params) == (16, 0)
    assert (by_name["norm"].params, by_name["norm"].parameter_bytes) == (8, 4 * 16)
    assert stats.params == (2 * 9 * 4 + 4) + 16 + 8 + (168 * 5 + 5)
    assert stats.parameter_bytes == 4 * (stats.params + 8)
    for one in ("params", "macs", "activations", "parameter_bytes"):
        assert getattr(stats, one) == sum(getattr(layer, one) for layer in stats.layers)


def test_layers_say_whose_they_are():
    stats = resnet20().stats()
    conv = stats.layers[0]
    assert (conv.name, conv.op, conv.shape) == ("stem.conv", "Conv", (-1, 16, 32, 32))
    modules = {layer.name: layer.module for layer in stats.layers}
    assert modules["layer1.0.conv1.conv"] == "layer1.0.conv1.conv"
    assert modules["fc"] == "fc"


def test_memory_of_a_chain():
    """Two values of 64 elements at once, and the output of 3 with its input of 64."""

    class Chain(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(3)(nn.relu(nn.relu(x)))

    stats = nn.trace(Chain(), {"x": nn.batched((64,))}).stats()
    assert [layer.live_bytes for layer in stats.layers] == [512, 512, 4 * 67]
    assert stats.peak_activation_bytes == 512
    assert stats.memory_mb == (512 + 4 * (64 * 3 + 3)) / 2**20


def test_memory_of_a_shortcut_holds_it_until_it_is_added():
    class Shortcut(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            y = nn.relu(x)
            z = nn.relu(nn.relu(y))
            return {"sum": y + z, "early": y, "input": x}

    stats = nn.trace(
        Shortcut(),
        {
            "x": nn.batched((8,)),
        },
    ).stats()
    # x and y are outputs, so that both are held to the end.
    assert [layer.live_bytes // 32 for layer in stats.layers] == [2, 3, 4, 4]


def test_element_types_count():
    graph = nn.trace(nn.Linear(2), {"x": nn.TensorSpec((nn.BATCH, 4), "float64")})
    assert live_bytes(graph) == [8 * (4 + 2)]
    assert [size_of(name) for name in ("float16", "int64", "bool")] == [2, 8, 1]


class Random(nn.Network):
    """Random sums and joins."""

    seed: int

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        rng = random.Random(self.seed)
        values = [x]
        for _ in range(rng.randint(1, 12)):
            a, b = rng.choice(values), rng.choice(values)
            values.append(a + b if a.shape == b.shape else nn.concat([a, b]))
        kept = rng.sample(values[1:], rng.randint(1, len(values) - 1))
        return {f"y{number}": value for number, value in enumerate(kept)}


@given(st.integers(0, 10_000))
def test_memory_against_a_slow_count(seed):
    graph = nn.trace(Random(seed), {"x": nn.batched((3, 2))})
    expected = []
    for at, node in enumerate(graph.nodes):
        later = {name for other in graph.nodes[at:] for name in other.inputs}
        before = {*graph.inputs, *(other.name for other in graph.nodes[:at])}
        held = {node.name, *before & (later | set(graph.outputs.values()))}
        expected.append(sum(4 * graph.specs[name].per_sample for name in held))
    assert live_bytes(graph) == expected


def test_counting_again_is_free():
    graph = resnet20()
    assert graph.stats() is graph.stats()
    model = describe_model({"type": "ResNet"})
    assert model.graph(CIFAR) is model.graph(nn.batched(CIFAR))
    assert model.graph({"image": CIFAR}) is model.graph(CIFAR)
    assert model.stats(CIFAR) is model.stats(CIFAR)
    assert model.stats(CIFAR) is not model.stats((1, 32, 32))


def test_a_described_model():
    model = describe_model({"type": "MLP", "hidden": [], "num_classes": 7})
    same = describe_model({"type": "MLP", "num_classes": 7.0, "hidden": [], "dropout": 0.0})
    assert model.description == {"format": 1, "type": "MLP", "hidden": [], "num_classes": 7}
    assert model.hash == same.hash
    assert model.hash != describe_model({"type": "MLP"}).hash
    assert model.stats((5,)).params == 42
    assert model.stats((5,), "w2a2,first=same").bops == 35 * 4
    assert repr(model) == "<DescribedModel MLP, as described>"
    assert (model.inputs, model.stats().macs) == ({}, 3 * 224 * 224 * 7)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"type": "ResNt"}, "did you mean 'ResNet'"),
        ({"depth": 20}, "needs a 'type'"),
        ({"type": "ResNet", "depht": 20}, "did you mean 'depth'"),
        ({"type": "ResNet", "depth": 20, "num_classes": "auto"}, "'num_classes' is 'auto'"),
        ({"type": "ResNet", "overrides": {"stem.conv.x": 3}}, "matches no hyperparameter"),
    ],
)
def test_descriptions_that_cannot_be_built(description, message):
    with pytest.raises(Exception, match=message) as raised:
        describe_model(description).stats(CIFAR)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("model", [None, 3, 3.5, b"ResNet", [], object()])
def test_what_is_no_model(model):
    with pytest.raises(ModelError, match="a model is a description, a path or a name, and got"):
        describe_model(model)


@pytest.mark.parametrize("plugins", ["./mine.py", 3, None, [3]])
def test_plugins_are_a_list(plugins):
    with pytest.raises(PluginError, match="plugins: expected a list of paths and module names"):
        describe_model({"type": "MLP"}, plugins=plugins)


@pytest.mark.parametrize("shape", [(0, 3), (3, -1), "3x32x32", (3, 2.5), 3, {"x": None}])
def test_inputs_that_are_no_shape(shape):
    with pytest.raises(ShapeError, match="the shape of one sample is positive numbers"):
        describe_model({"type": "MLP"}).stats(shape)


def test_inputs_that_the_network_does_not_take():
    model = describe_model({"type": "MLP"})
    with pytest.raises(ModelError, match="MLP takes the inputs x, and was given a, b"):
        model.stats({"a": (3,), "b": (3,)})


@pytest.mark.parametrize("module", [bits, described, finding], ids=lambda one: one.__name__)
def test_examples(module):
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)


def test_statistics_are_records():
    stats = resnet20().stats()
    assert replace(stats) == stats
    names = [field.name for field in fields(stats.layers[0])]
    assert names[:5] == ["name", "op", "shape", "params", "macs"]
