"""Each of the core's rewrites: what it gives, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from vega_core import nn
from vega_core.errors import DescriptionError, ModelError
from vega_core.nn import rewrites as core
from vega_core.nn.reference import evaluate
from vega_core.plugins import Catalog, load_catalog
from vega_core.testing.rewrite.nets import random_arrays
from vega_tasks.classification.networks import ResNet

PICTURE = {"image": (3, 8, 8)}
RESNET = {"type": "ResNet", "depth": 8, "width": 4}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def resnet() -> nn.Graph:
    return nn.trace(ResNet(8, 4), {"image": nn.batched((3, 8, 8))})


def refused(rewrite: nn.Rewrite, graph: nn.Graph | None = None) -> str:
    with pytest.raises(ModelError) as caught:
        rewrite(graph or resnet())
    return str(caught.value)


def outputs(graph: nn.Graph, params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    (array,) = evaluate(graph, params, inputs).outputs.values()
    return array


# Descriptions.

CHAIN: list[dict[str, Any]] = [
    {"type": "PruneChannels", "remove": {"layer1.0.conv1.conv": [1], "stem.conv": [0]}},
    {"type": "Widen", "node": "layer2.0.conv1.conv", "channels": 11},
    {"type": "Deepen", "node": "layer1.0.relu_1", "norm": True},
    {"type": "FoldBatchNorm", "norms": "layer3"},
    {"type": "SwapOperator", "old": "Relu", "new": "Clip", "nodes": "layer3",
     "attributes": {"min": 0.0}},
    {"type": "FakeQuant", "bits": "w4a4, first=w8a8", "layers": {"fc": [8, 8]}, "range": 3},
    {"type": "ReplaceHead", "num_classes": 5},
    {"type": "Freeze", "parameters": "layer1"},
]  # fmt: skip


def test_a_description_with_rewrites_rebuilds_the_graph_and_its_parameters(
    catalog: Catalog,
) -> None:
    params = nn.initial_parameters(resnet(), 3)
    described, arrays = core.with_rewrites(RESNET, CHAIN, params, catalog, PICTURE)
    for text, read in (
        (yaml.safe_dump(described), yaml.safe_load),
        (json.dumps(described), json.loads),
    ):
        again = read(text)
        assert again == described == nn.canonical(again)
        graph = nn.build_graph(again, catalog, PICTURE)
        assert {n: a.shape for n, a in arrays.items()} == {
            n: s.shape for n, s in graph.parameters.items()
        }
        assert nn.description_hash(again, catalog) == nn.description_hash(described, catalog)
    more, further = core.with_rewrites(
        described, [{"type": "ReplaceHead", "num_classes": 2}], arrays, catalog, PICTURE
    )
    assert len(more["rewrites"]) == len(CHAIN) + 1
    assert further["fc.weight"].shape[0] == 2
    one_by_one: tuple[dict[str, Any], dict[str, Any]] = (RESNET, params)
    for rewrite in CHAIN:
        one_by_one = core.with_rewrites(one_by_one[0], [rewrite], one_by_one[1], catalog, PICTURE)
    assert one_by_one[0] == described
    assert all(np.array_equal(one_by_one[1][name], arrays[name]) for name in arrays)


def test_a_mistake_in_a_description_is_named_with_its_place(catalog: Catalog) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        (
            {"type": "Widen", "node": "fc"},
            r"^rewrites\.8: Widen needs the hyperparameter 'channels'",
        ),
        ({"type": "Freeze", "parameters": "layer9"}, r"^rewrites\.8: 'layer9' matches no"),
        ({"type": "PruneChannels", "remove": [3]}, r"^rewrites\.8\.remove: expected Mapping"),
        ({"type": "PruneChannels", "remove": {"fc": 3}}, r"remove\.fc: expected"),
        ({"type": "FakeQuant", "bits": "w4"}, r"^rewrites\.8: bits 'w4'"),
    ]
    for rewrite, message in wrong:
        with pytest.raises(DescriptionError, match=message):
            nn.build_graph({**RESNET, "rewrites": [*CHAIN, rewrite]}, catalog, PICTURE)
    params = nn.initial_parameters(resnet(), 0)
    with pytest.raises(DescriptionError, match=r"^rewrites\.0: no array for parameter 'stem"):
        core.with_rewrites(RESNET, CHAIN, {}, catalog, PICTURE)
    bad = [CHAIN[3], {"type": "Widen", "node": "stem.conv", "channels": 3}]
    with pytest.raises(DescriptionError, match=r"^rewrites\.1: 'stem\.conv' has 4 channels"):
        core.with_rewrites(RESNET, bad, params, catalog, PICTURE)


# Batch normalization.


def test_folding_takes_what_it_can() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            shared = nn.Conv(3, name="shared")
            x = nn.BatchNorm(name="plain")(shared(nn.BatchNorm(name="again")(shared(x))))
            y = nn.Conv(3, name="twice")(x)
            x = nn.BatchNorm(name="read_twice")(y) + y
            x = nn.BatchNorm(mode="train", name="training")(nn.Conv(3, name="conv")(x))
            return nn.BatchNorm(affine=False, name="bare")(nn.Conv(3, bias=False, name="last")(x))

    graph = nn.trace(Net(), {"x": nn.batched((3, 4, 4))})
    folded = core.FoldBatchNorm()(graph)
    left = [n.name for n in folded.nodes if isinstance(n.op, nn.ops.BatchNormalization)]
    assert left == ["again", "plain", "read_twice", "training"]
    params, inputs = random_arrays(graph, 0)
    arrays = core.FoldBatchNorm().carry(graph, params)
    assert np.abs(outputs(graph, params, inputs) - outputs(folded, arrays, inputs)).max() < 1e-12
    assert "matches no batch normalization; did you mean 'plain'" in refused(
        core.FoldBatchNorm("plane"), graph
    )


def test_folding_agrees_with_pytorch() -> None:
    torch = pytest.importorskip("torch")
    from torch.nn.utils.fusion import fuse_conv_bn_weights

    graph = nn.trace(ResNet(8, 4), {"image": nn.batched((3, 8, 8))})
    params, _ = random_arrays(graph, 5)
    arrays = core.FoldBatchNorm().carry(graph, params)
    names = [f"stem.norm.{r}" for r in ("running_mean", "running_var", "weight", "bias")]
    mean, var, scale, shift = (torch.from_numpy(params[name]) for name in names)
    weight, bias = fuse_conv_bn_weights(
        torch.from_numpy(params["stem.conv.weight"]), None, mean, var, 1e-5, scale, shift
    )
    np.testing.assert_allclose(arrays["stem.conv.weight"], weight.detach(), 1e-6)
    np.testing.assert_allclose(arrays["stem.conv.bias"], bias.detach(), 1e-6)
    assert not any("norm" in name for name in arrays)


# Widening and deepening.


def test_copies_are_weighed_so_that_training_moves_them_apart() -> None:
    graph = nn.trace(ResNet(8, 4), {"image": nn.batched((3, 8, 8))})
    params = nn.initial_parameters(graph, 0)
    arrays = core.Widen("layer1.0.conv1.conv", 6).carry(graph, params)
    made = arrays["layer1.0.conv1.conv.weight"]
    assert np.array_equal(made, params["layer1.0.conv1.conv.weight"][[0, 0, 1, 1, 2, 3]])
    taken, before = (a["layer1.0.conv2.conv.weight"] for a in (arrays, params))
    np.testing.assert_allclose(taken[:, 0] * 3, before[:, 0], 1e-5)
    np.testing.assert_allclose(taken[:, 1] * 1.5, before[:, 0], 1e-5)
    assert np.array_equal(taken[:, 4:], before[:, 2:])


def test_what_cannot_be_widened_is_named() -> None:
    assert "of 'fc' cannot be removed: they are those of the output" in refused(
        core.Widen("fc", 20)
    )
    assert "there is no node 'stem'" in refused(core.Widen("stem", 9))
    assert "'stem.conv' has 4 channels and may have up to" in refused(core.Widen("stem.conv", 3))
    assert "may have up to" in refused(core.Widen("stem.conv", 10**12))

    class Grouped(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            x = nn.Conv(4, groups=2, name="a")(nn.Conv(4, name="grouped")(x))
            x = nn.Conv(4, name="normed")(x)
            return nn.Conv(2, name="out")(nn.LayerNorm(1, name="norm")(x))

    graph = nn.trace(Grouped(), {"x": nn.batched((3, 4, 4))})
    assert "'grouped' cannot have 5 channels: some belong together, and 6 would" in refused(
        core.Widen("grouped", 5), graph
    )
    assert "'norm' computes over its channels" in refused(core.Widen("normed", 5), graph)


def test_deepening_refuses_what_would_change() -> None:
    assert "'stem.norm' may be negative" in refused(core.Deepen("stem.norm"))
    with pytest.raises(ModelError, match="a window that keeps sizes is odd, and got 2"):
        core.Deepen("x", 2)
    assert "there is no node 'relu_2'; did you mean" in refused(core.Deepen("relu_2"))


def test_deepening_twice_gives_two_layers() -> None:
    graph = core.Deepen("relu_1")(core.Deepen("relu_1")(resnet()))
    names = [name for name in graph.parameters if "deeper" in name and name.endswith("weight")]
    assert len(names) == 2


# Operators and heads.


def test_operators_are_swapped_by_name() -> None:
    graph = core.SwapOperator("Relu", "HardSwish", "layer2")(resnet())
    kinds = {n.name: type(n.op).__name__ for n in graph.nodes if "relu" in n.name}
    assert {k for n, k in kinds.items() if n.startswith("layer2")} == {"HardSwish"}
    assert {k for n, k in kinds.items() if not n.startswith("layer2")} == {"Relu"}
    norm = core.SwapOperator(
        "BatchNormalization", "GroupNormalization", attributes={"num_groups": 2}
    )
    params = nn.initial_parameters(resnet(), 0)
    arrays = norm.carry(resnet(), {n: a + 1 for n, a in params.items()})
    assert not any("running" in name for name in arrays)
    assert np.array_equal(arrays["stem.norm.weight"], params["stem.norm.weight"] + 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("Relu", "Swosh"), "unknown operator 'Swosh'; did you mean 'Swish'"),
        (("Rel", "Swish"), "unknown operator 'Rel'"),
        (("Relu", "Elu", "*", {"alfa": 1}), "Elu has no attribute 'alfa'; did you mean 'alpha'"),
        (("Relu", "Conv"), "Conv needs the attribute 'out_channels'"),
        (("Relu", "Swish", "layer7*"), "'layer7\\*' matches no operator Relu"),
        (("Relu", "GlobalMaxPool", "relu_1"), r"gives \(N, 4, 1, 1\) float32 in place of"),
        (("Relu", "Add"), "Add takes 2 inputs"),
    ],
)
def test_operators_that_cannot_be_swapped(given: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        core.SwapOperator(*given)(resnet())


def test_a_head_begins_anew_and_the_rest_is_kept() -> None:
    params = {name: array + 1 for name, array in nn.initial_parameters(resnet(), 0).items()}
    for classes in (10, 3):
        arrays = core.ReplaceHead(classes).carry(resnet(), params, 7)
        assert arrays["fc.weight"].shape[0] == classes
        begun = nn.initial_parameters(core.ReplaceHead(classes)(resnet()), 7)
        assert np.array_equal(arrays["fc.weight"], begun["fc.weight"])
        assert all(np.array_equal(a, params[n]) for n, a in arrays.items() if "fc" not in n)


def test_heads_that_cannot_be_found() -> None:
    class Two(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            y = nn.Conv(4, name="a")(x)
            return {
                "map": nn.softmax(nn.Conv(4, name="b")(y) + y, 1),
                "same": y + x,
                "input": x * 2,
            }

    graph = nn.trace(Two(), {"x": nn.batched((4, 4, 4))})
    assert "which output? There are map, same, input" in refused(core.ReplaceHead(3), graph)
    assert "no output 'mop'; did you mean 'map'" in refused(core.ReplaceHead(3, "mop"), graph)
    assert "come from the input 'x'" in refused(core.ReplaceHead(3, "same"), graph)
    assert "no convolution or dense layer makes" in refused(core.ReplaceHead(3, "input"), graph)
    with pytest.raises(ModelError, match="a number of classes is positive"):
        core.ReplaceHead(0)


# Freezing.


def test_what_is_frozen_stays_so(tmp_path: Path, catalog: Catalog) -> None:
    frozen = core.Freeze("layer1")(resnet())
    later = core.SwapOperator("Relu", "Swish")(core.PruneChannels({"stem.conv": [0]})(frozen))
    (tmp_path / "net.json").write_text(json.dumps(nn.graph_to_dict(frozen)))
    described = {"type": "Graph", "file": str(tmp_path / "net.json")}
    read = nn.build_graph(described, catalog, PICTURE)
    composed = nn.compose(later, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    for graph in (frozen, later, read, composed):
        for name, spec in graph.parameters.items():
            assert spec.trained == (not name.startswith("layer1") and "running" not in name), name
        norms = [n for n in graph.nodes if isinstance(n.op, nn.ops.BatchNormalization)]
        for node in norms:
            op: Any = node.op
            assert op.mode == ("eval" if node.name.startswith("layer1") else None)
    assert "'layer' matches no parameter; did you mean 'layer" in refused(core.Freeze("layer"))


def test_training_leaves_what_is_frozen_alone() -> None:
    pytest.importorskip("torch")
    from vega_backend_torch.backend import TorchBackend
    from vega_core.backend import TrainSpec
    from vega_core.backend.optimizers import SGD

    graph = core.Freeze("layer*")(resnet())
    graph = nn.compose(graph, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    before, backend = nn.initial_parameters(graph, 0), TorchBackend()
    device = backend.devices()[0]
    store = backend.store(before, device)
    step = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
    rng = np.random.default_rng(0)
    batch = {"image": rng.standard_normal((4, 3, 8, 8)).astype(np.float32), "label": np.arange(4)}
    step.train_step(batch)
    after = store.export().parameters
    for name, array in before.items():
        assert np.array_equal(after[name], array) == name.startswith("layer"), name


# Quantization.


def test_quantized_values_are_on_their_grids() -> None:
    graph = resnet()
    rewrite = core.FakeQuant("w3a2, first=w1a8, last=same", {"layer3.0.conv2.conv": [24, 32]})
    new = rewrite(graph)
    params, inputs = random_arrays(graph, 0)
    arrays = rewrite.carry(graph, params)
    found = evaluate(new, arrays, inputs).values
    nodes = {node.name: node for node in new.nodes}
    for name, (weights, activations) in rewrite.widths.widths(
        [n.name for n in core_layers(graph)]
    ).items():
        node = nodes[name]
        if weights >= 24:
            assert "weight" in node.params
            continue
        weight = found[node.inputs[1]]
        old = params[f"{name}.weight"]
        for channel, plain in zip(weight, old, strict=True):
            levels = np.unique(np.round(channel / np.abs(channel).max(), 6))
            assert len(levels) <= (2 if weights == 1 else 2**weights - 1)
            size = np.abs(plain).mean() if weights == 1 else np.abs(plain).max()
            assert np.abs(channel).max() == pytest.approx(size)
        x = found[node.inputs[0]]
        assert len(np.unique(np.round(x, 6))) <= 2**activations
        assert x.min() >= (0 if name != "stem.conv" else -6)
    stats = new.stats().with_bits(rewrite.widths)
    assert stats.bops == graph.stats().with_bits(rewrite.widths).bops
    assert new.stats().macs == graph.stats().macs


def core_layers(graph: nn.Graph) -> list[nn.Node]:
    return [n for n in graph.nodes if isinstance(n.op, (nn.ops.Conv, nn.ops.Gemm))]


def test_many_bits_change_little_and_gradients_go_straight_through() -> None:
    pytest.importorskip("torch")
    from vega_backend_torch.backend import TorchBackend
    from vega_core.backend import TrainSpec
    from vega_core.backend.optimizers import SGD

    graph, backend = resnet(), TorchBackend()
    assert core.FakeQuant("w32a32")(graph).hash == graph.hash
    rewrite = core.FakeQuant("w20a20, first=same, last=same", range=9.0)
    label = {"label": nn.batched((), "int64")}
    rng = np.random.default_rng(0)
    batch = {"image": rng.standard_normal((4, 3, 8, 8)).astype(np.float32), "label": np.arange(4)}
    gradients = []
    for one in (graph, rewrite(graph)):
        params = nn.initial_parameters(one, 0)
        whole = nn.compose(one, nn.losses.CrossEntropy(), label)
        store = backend.store(params, backend.devices()[0])
        backend.compile(whole, store, train=TrainSpec(SGD(lr=1.0))).train_step(batch)
        after = store.export().parameters
        gradients.append({name: params[name] - after[name] for name in params})
    plain, through = gradients
    for name in plain:
        size = max(np.abs(plain[name]).max(), 1e-3)
        assert np.abs(through[name] - plain[name]).max() < 0.02 * size, name


def test_a_range_is_trained_by_what_it_cuts() -> None:
    pytest.importorskip("torch")
    from vega_backend_torch.backend import TorchBackend
    from vega_core.backend import TrainSpec
    from vega_core.backend.optimizers import SGD

    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.reduce_sum(nn.Linear(1, bias=False, name="fc")(nn.relu(x)))

    rewrite = core.FakeQuant("w32a4, first=same", range=2.0)
    graph = rewrite(nn.trace(Net(), {"x": nn.batched((3,))}))
    params = {"fc.weight": np.ones((1, 3), np.float32), "fc.quantized.range": np.float32(2.0)}
    backend = TorchBackend()
    store = backend.store({n: np.asarray(a) for n, a in params.items()}, backend.devices()[0])
    spec = TrainSpec(SGD(lr=0.1), losses=("output",))
    x = np.array([[3.0, 1.0, -1.0], [0.5, 5.0, 2.5]], np.float32)
    backend.compile(graph, store, train=spec).train_step({"x": x})
    # Three values are cut, and each passes a gradient of one.
    assert float(store.export().parameters["fc.quantized.range"]) == pytest.approx(2.0 - 0.1 * 3)


def test_a_quantized_network_is_pruned_and_not_folded() -> None:
    graph = core.FakeQuant("w4a4")(resnet())
    pruned = core.PruneChannels({"layer1.0.conv1.conv": [0, 2]})
    params, inputs = random_arrays(graph, 0)
    new, arrays = core.applied([pruned], graph, params)
    assert arrays["layer1.0.conv1.conv.weight"].shape[0] == 2
    assert outputs(new, arrays, inputs).shape == (2, 10)
    folded = core.FoldBatchNorm()(graph)
    assert sum("norm" in n.name for n in folded.nodes) >= 6
    assert "computes over its channels" in refused(core.Widen("layer1.0.conv1.conv", 6), graph)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bits": "4"}, "bits '4'"),
        ({"bits": "w0a4"}, "bits of a weight are 1 to 64"),
        ({"layers": {"fc": [4]}}, "bits are of a weight and of an activation"),
        ({"layers": {"fc": 4}}, r"layers\.fc: expected"),
        ({"range": 0.0}, "a range of activations is positive"),
        ({"layers": {"stem": [4, 4]}}, "there is no layer 'stem'"),
    ],
)
def test_bits_that_are_none(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        core.FakeQuant(**given)(resnet())


# Channels.


def test_pruned_channels_are_gone_everywhere() -> None:
    graph = core.PruneChannels({"stem.conv": [1, 3]})(resnet())
    before = resnet().parameters
    changed = {n for n, s in graph.parameters.items() if s.shape != before[n].shape}
    assert {n for n in changed if n.endswith("conv.weight")} == {
        "stem.conv.weight", "layer1.0.conv1.conv.weight", "layer1.0.conv2.conv.weight",
        "layer2.0.conv1.conv.weight", "layer2.0.shortcut.conv.weight",
    }  # fmt: skip
    assert core.PruneChannels({})(resnet()).hash == resnet().hash


@pytest.mark.parametrize(
    ("remove", "message"),
    [
        ({"stem.conv": [0, 1, 2, 3]}, "'stem.conv' would keep none of its 4 channels; leave one"),
        ({"stem.conv": [0, 0]}, "a channel is named twice"),
        ({"stem.conv": [4]}, "'stem.conv' has the channels 0 to 3, not 4"),
        ({"stem.con": [0]}, "'stem.con' is no value with channels; did you mean 'stem.conv'"),
        ({"fc": [0]}, "channel 0 of 'fc' cannot be removed: they are those of the output"),
        ({"image": [0]}, "no channel of 'image' can be removed"),
    ],
)
def test_channels_that_cannot_be_pruned(remove: dict[str, list[int]], message: str) -> None:
    assert message in refused(core.PruneChannels(remove))


# Parameters.


def test_what_a_rewrite_does_not_say_is_not_guessed() -> None:
    class Narrow(nn.Rewrite):
        def __call__(self, graph: nn.Graph) -> nn.Graph:
            def edit(site: nn.Site) -> Any:
                op: Any = site.node.op
                return site.keep(replace(op, out_features=2)) if site.node.name == "fc" else None

            return nn.rewritten(graph, edit)

    class Wrong(Narrow):
        def _carry(self, graph: nn.Graph, params: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"fd.weight": None}

    params = nn.initial_parameters(resnet(), 0)
    with pytest.raises(
        ModelError, match=r"'fc\.weight' was \(10, 16\) and is \(2, 16\), and what "
    ):
        Narrow().carry(resnet(), params)
    with pytest.raises(ModelError, match=r"no parameter 'fd\.weight' is left; did you mean 'fc"):
        Wrong().carry(resnet(), params)


def test_layers_that_may_read_their_weight_are_written_as_before() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            x = nn.ConvTranspose(4, 2, name="t")(nn.Conv(4, name="c")(x))
            return nn.Linear(2, name="fc")(nn.flatten(x))

    graph = nn.trace(Net(), {"x": nn.batched((3, 4, 4))})
    assert graph.hash == "dc2e97c4443872155838c5f3281c6c7e32ab51bec27d9ddc4acd5aabfb4f03c3"


def test_quantization_calls_the_layers_first_and_last_that_counting_does() -> None:
    """A product with a parameter is a layer too, though it has no weight to quantize."""

    class Products(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            x = nn.Linear(4, name="mid")(nn.Linear(4, name="first")(x))
            return x @ nn.parameter("table", (4, 3))

    graph = nn.trace(Products(), {"x": nn.batched((5,))})
    first, mid, product = graph.stats().weighted
    assert (first, mid) == ("first", "mid")
    quantized = core.FakeQuant("w4a4")(graph)
    assert {name for name in quantized.parameters if "quantized" in name} == {"mid.quantized.range"}
    bits = {layer.name: layer.bops for layer in graph.stats().with_bits("w4a4").layers}
    assert [name for name, bops in bits.items() if bops] == ["mid"]
    with pytest.raises(ModelError, match="has no weight of its own"):
        core.FakeQuant("w4a4", {product: [8, 8]})(graph)
