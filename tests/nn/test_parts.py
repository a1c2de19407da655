"""Models of several parts, and networks that give their graph themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import yaml

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_core.nn.files import read
from vega_core.nn.reference import evaluate
from vega_core.nn.sources import GraphFile
from vega_tasks.classification.networks import MLP, ResNet

PICTURE = {"image": (3, 8, 8)}


class Body(nn.Network):
    """Maps (N, C, H, W)."""

    channels: int = 4

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.relu(nn.Conv(self.channels, name="conv")(x))


class Pyramid(nn.Network):
    """Maps at two scales, by name."""

    main: str = "deep"

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        shallow = nn.Conv(4, name="one")(x)
        return {"shallow": shallow, self.main: nn.Conv(6, stride=2, name="two")(shallow)}


class Head(nn.Network):
    """Scores of one map."""

    num_classes: int

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(self.num_classes, name="fc")(nn.flatten(nn.global_average_pool(x)))


class TwoHead(nn.Network):
    """Scores of two maps; the second may be missing."""

    def forward(self, shallow: nn.Tensor, deep: nn.Tensor | None = None) -> dict[str, nn.Tensor]:
        maps = {"a": shallow} | ({} if deep is None else {"b": deep})
        return {name: Head(2, name=name)(x) for name, x in maps.items()}


class AnyHead(nn.Network):
    """Scores of all maps."""

    def forward(self, **maps: nn.Tensor) -> dict[str, nn.Tensor]:
        return {name: Head(2, name=f"of_{name}")(x) for name, x in maps.items()}


class Pair(nn.Network):
    """Takes two inputs by name."""

    def forward(self, left: nn.Tensor, right: nn.Tensor) -> nn.Tensor:
        return left * 2.0 + right


class Constant(nn.GraphSource):
    """Adds a parameter to its input, as a source of other graphs would."""

    size: int = 1

    def graph(self, inputs: Mapping[str, nn.TensorSpec]) -> nn.Graph:
        class Net(nn.Network):
            def forward(self, x: nn.Tensor) -> nn.Tensor:
                return x + nn.parameter("p", x.shape[1:])

        return nn.trace(Net(), dict(inputs))

    def identity(self) -> Mapping[str, Any]:
        return {"size": self.size}


class Shelf:
    """A catalog of a few components."""

    things: ClassVar[dict[tuple[str, str], Any]] = {
        ("network", cls.__name__): cls
        for cls in (Body, Pyramid, Head, TwoHead, AnyHead, Pair, Constant, ResNet, MLP)
    } | {("network", "Graph"): GraphFile}

    def load(self, kind: str, name: str) -> Any:
        return self.things[kind, name]


def build(description: Any, inputs: Any = PICTURE, folder: Path | None = None) -> nn.Graph:
    return nn.build_graph(description, Shelf(), inputs, folder=folder)


def parts(**described: Any) -> dict[str, Any]:
    return {"modules": list(described), **described}


SIMPLE = parts(backbone={"type": "Body", "channels": 5}, head={"type": "Head", "num_classes": 3})


def test_parts_run_one_after_another_under_their_names() -> None:
    graph = build(SIMPLE)
    assert {name: spec.shape for name, spec in graph.parameters.items()} == {
        "backbone.conv.weight": (5, 3, 3, 3),
        "backbone.conv.bias": (5,),
        "head.fc.weight": (3, 5),
        "head.fc.bias": (3,),
    }
    assert list(graph.outputs) == ["output"]
    assert graph.nodes[0].module == "backbone.conv"


def test_overrides_are_inside_a_part_or_outside_of_all() -> None:
    inside = parts(
        backbone={"type": "Body", "overrides": {"conv.out_channels": 7, "conv.bias": False}},
        head=SIMPLE["head"],
    )
    outside = {
        **parts(backbone={"type": "Body"}, head=SIMPLE["head"]),
        "overrides": {"backbone.conv.out_channels": 7, "*conv.bias": False},
    }
    assert build(inside).hash == build(outside).hash
    assert build(inside).parameters["backbone.conv.weight"].shape[0] == 7
    whole = {**SIMPLE, "overrides": {"backbone.channels": 7}}
    assert build(whole).parameters["backbone.conv.weight"].shape[0] == 7
    taken = {**SIMPLE, "overrides": {"head.in_channels": 7}}
    assert build(taken).parameters["backbone.conv.weight"].shape[0] == 7
    whole = {**SIMPLE, "overrides": {"backbone.mode": "eval"}}
    assert build(whole).hash == build(SIMPLE).hash


def test_overrides_of_two_places_may_not_contradict() -> None:
    both = {
        **parts(backbone={"type": "Body", "overrides": {"channels": 7}}, head=SIMPLE["head"]),
        "overrides": {"backbone.channels": 8},
    }
    message = r"^overrides: .* 'backbone\.channels' is 8 here and 7 in its part"
    with pytest.raises(ModelError, match=message):
        build(both)
    agreed = {**both, "overrides": {"backbone.channels": 7}}
    assert build(agreed).parameters["backbone.conv.weight"].shape[0] == 7


def test_a_model_of_one_part_is_that_part() -> None:
    single = {**parts(net={"type": "Body"}), "overrides": {"net.conv.out_channels": 9}}
    assert nn.canonical(single) == {
        "format": 1,
        "type": "Body",
        "overrides": {"conv.out_channels": 9},
    }
    assert list(build(single).parameters) == ["conv.weight", "conv.bias"]


def test_parts_may_have_parts() -> None:
    nested = parts(
        backbone=parts(
            first={"type": "Body"}, second={"type": "Body", "overrides": {"channels": 2}}
        ),
        head=SIMPLE["head"],
    )
    graph = build({**nested, "overrides": {"backbone.first.channels": 9}})
    assert graph.parameters["backbone.second.conv.weight"].shape == (2, 9, 3, 3)
    with pytest.raises(ModelError, match=r"^backbone: overrides contradict|^overrides: .*"):
        build({**nested, "overrides": {"backbone.second.channels": 3}})


@pytest.mark.parametrize(
    ("head", "given"),
    [("TwoHead", ["a", "b"]), ("AnyHead", ["shallow", "deep"])],
)
def test_outputs_by_name_go_where_they_are_named(head: str, given: list[str]) -> None:
    graph = build(parts(backbone={"type": "Pyramid"}, head={"type": head}))
    assert list(graph.outputs) == given


def test_what_is_missing_may_have_a_default() -> None:
    pyramid = {"type": "Pyramid", "main": "other"}
    assert list(build(parts(backbone=pyramid, head={"type": "TwoHead"})).outputs) == ["a"]


def test_the_main_output_goes_to_a_part_that_names_none() -> None:
    for main in ("output", "logits"):
        described = parts(backbone={"type": "Pyramid", "main": main}, head=SIMPLE["head"])
        graph = build(described)
        assert graph.parameters["head.fc.weight"].shape == (3, 6)
    with pytest.raises(ModelError, match=r"head takes x, and backbone gives shallow, deep, none"):
        build(parts(backbone={"type": "Pyramid"}, head=SIMPLE["head"]))


def test_the_first_part_takes_the_inputs_by_name() -> None:
    two = {"left": (4,), "right": (4,)}
    graph = build(parts(join={"type": "Pair"}, head={"type": "MLP", "hidden": []}), two)
    assert list(graph.inputs) == ["left", "right"]


FORMS: list[dict[str, Any]] = [
    {"type": "ResNet", "depth": 8, "overrides": {"stem.conv.bias": True}},
    SIMPLE,
    {**SIMPLE, "overrides": {"backbone.channels": 7}},
    parts(a={"type": "Pyramid"}, b={"type": "TwoHead"}),
    parts(a=parts(c={"type": "Body"}, d={"type": "Body"}), b={"type": "Head", "num_classes": 4}),
    parts(a={"type": "Constant", "size": 3}, b={"type": "Body"}),
]


@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_every_form_survives_yaml_and_json(form: dict[str, Any]) -> None:
    checked = nn.canonical(form)
    assert nn.canonical(checked) == checked
    for again in (json.loads(json.dumps(checked)), yaml.safe_load(yaml.safe_dump(checked))):
        assert again == checked
        assert nn.description_hash(again, Shelf()) == nn.description_hash(form, Shelf())
        assert build(again).hash == build(form).hash


def test_the_hashes_of_descriptions_differ_as_their_meaning_does() -> None:
    hashes = [nn.description_hash(form, Shelf()) for form in FORMS]
    assert len(set(hashes)) == len(FORMS)
    renamed = parts(body=SIMPLE["backbone"], head=SIMPLE["head"])
    assert nn.description_hash(renamed, Shelf()) not in hashes
    plain = parts(backbone={"type": "Body", "channels": 5.0, "overrides": {}}, head=SIMPLE["head"])
    assert nn.description_hash(plain, Shelf()) == hashes[1]
    inner = parts(backbone={"type": "Body", "overrides": {"channels": 7}}, head=SIMPLE["head"])
    outer = parts(backbone={"type": "Body"}, head=SIMPLE["head"])
    outer["overrides"] = {"backbone.channels": 7}
    assert nn.description_hash(inner, Shelf()) == nn.description_hash(outer, Shelf())


def test_auto_reaches_into_parts() -> None:
    described = parts(backbone={"type": "ResNet", "stem": "auto"}, head={"type": "Head"})
    described["head"]["num_classes"] = "auto"
    assert nn.auto_key(described) == "head.num_classes"
    filled = nn.fill_auto(described, {"num_classes": 7})
    assert filled["head"]["num_classes"] == 7
    assert filled["backbone"]["stem"] == "auto"
    assert nn.auto_key(filled) is None
    with pytest.raises(ModelError, match=r"^head\.num_classes: is 'auto', and the data do not"):
        nn.fill_auto(described, {})


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"modules": []}, "^modules: expected a list of the names of parts"),
        ({"modules": "backbone"}, "^modules: expected a list"),
        ({"modules": [1, 2]}, "^modules: expected a list"),
        ({**SIMPLE, "type": "Body"}, "either a 'type' or 'modules'"),
        ({**SIMPLE, "modules": ["backbone", "heads"]}, r"^modules: .*'heads'; did you mean 'head'"),
        ({**SIMPLE, "modules": ["backbone", "backbone"]}, r"^modules: 'backbone' .* twice"),
        ({**SIMPLE, "modules": ["backbone", "overrides"]}, r"^modules: 'overrides' is no name"),
        ({**SIMPLE, "neck": {}}, r"^neck: is no part of backbone, head"),
        ({**SIMPLE, "depth": 8}, r"^depth: is no part of"),
        (parts(**{"a.b": {"type": "Body"}, "c": {"type": "Body"}}), r"'a\.b' is no name of a part"),
        ({**SIMPLE, "head": []}, r"^head: a model is described by a mapping, and got \[\]"),
        ({**SIMPLE, "head": {}}, r"^head: a model's description needs a 'type'"),
        ({**SIMPLE, "head": {"type": "Head"}}, r"^head: Head needs the hyperparameter"),
        (
            {**SIMPLE, "head": {"type": "Head", "num_classes": "x"}},
            r"^head\.num_classes: expected int, got 'x'",
        ),
        (
            {**SIMPLE, "head": {"type": "Head", "num_class": 3}},
            r"^head\.num_class: Head has no .*; did you mean 'num_classes'",
        ),
        ({**SIMPLE, "head": {**SIMPLE["head"], "format": 2}}, r"^head: a description of format 2"),
        (
            {**SIMPLE, "head": {**SIMPLE["head"], "rewrites": [{"type": "X"}]}},
            r"^head\.rewrites: rewrites are of the whole model",
        ),
        (
            {**SIMPLE, "head": {**SIMPLE["head"], "overrides": [1]}},
            r"^head\.overrides: 'overrides' of a description is no dict",
        ),
        ({**SIMPLE, "overrides": {"backbone.width": 3}}, "override 'backbone.width' matches no"),
        ({**SIMPLE, "overrides": {"parts": []}}, "override 'parts' matches no"),
        (parts(a={"type": "Constant", "catalog": 3}, b={"type": "Body"}), r"^a\.catalog: Constant"),
        ({**parts(a={"type": "Constant"}, b=SIMPLE["head"]), "overrides": {"a.size": 3}}, "a.size"),
    ],
)
def test_malformed_parts_are_named(description: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build(description)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    graph = nn.trace(ResNet(8, 4, 3), {"image": nn.batched((3, 8, 8))})
    (tmp_path / "net.json").write_text(json.dumps(nn.graph_to_dict(graph)))
    return tmp_path


def test_a_graph_comes_from_a_file(saved: Path) -> None:
    described = {"type": "Graph", "file": "net.json"}
    graph = build(described, folder=saved)
    plain = nn.trace(ResNet(8, 4, 3), {"image": nn.batched((3, 8, 8))})
    assert graph.hash == plain.hash
    assert graph.nodes == plain.nodes
    assert graph.parameters == plain.parameters
    absolute = {"type": "Graph", "file": str(saved / "net.json")}
    assert build(absolute).hash == plain.hash
    assert nn.description_hash(absolute, Shelf()) == nn.description_hash(
        described, Shelf(), folder=saved
    )


def test_a_graph_takes_an_input_of_any_name_and_of_sizes_that_keep_its_parameters(
    saved: Path,
) -> None:
    described = {"type": "Graph", "file": "net.json"}
    graph = build(described, {"x": (3, 16, 12)}, saved)
    assert list(graph.inputs) == ["x"]
    assert graph.specs[graph.outputs["output"]].shape == (-1, 3)
    message = r"stem\.conv\.weight is \(4, 3, 3, 3\) in the graph, and would be \(4, 1, 3, 3\)"
    with pytest.raises(ShapeError, match=message):
        build(described, {"x": (1, 8, 8)}, saved)
    with pytest.raises(ShapeError, match=r"'image' is \(N, 3, 8, 8\) float32, and got .*int64"):
        build(described, {"x": nn.batched((3, 8, 8), "int64")}, saved)
    with pytest.raises(ModelError, match="takes the inputs image, and was given x, y"):
        build(described, {"x": (3, 8, 8), "y": (3, 8, 8)}, saved)


def test_a_graph_may_be_a_part(saved: Path) -> None:
    described = parts(
        stem={"type": "Body", "channels": 3},
        backbone={"type": "Graph", "file": "net.json", "mode": "eval"},
        head={"type": "MLP", "hidden": [], "num_classes": 2},
    )
    graph = build(described, folder=saved)
    assert "backbone.layer1.0.conv1.conv.weight" in graph.parameters
    assert [spec.shape for spec in graph.parameters.values()][-2:] == [(2, 3), (2,)]
    norms = [n.op.mode for n in graph.nodes if isinstance(n.op, nn.ops.BatchNormalization)]
    assert set(norms) == {"eval"}
    modules = {node.module for node in graph.nodes}
    assert "backbone.layer1.0.conv1.conv" in modules
    assert "backbone" in modules or "backbone.layer1.0" in modules


def test_a_graph_with_everything_is_embedded_as_it_is(saved: Path) -> None:
    class Net(nn.Network):
        def forward(self, a: nn.Tensor, b: nn.Tensor) -> dict[str, nn.Tensor]:
            shared = nn.Linear(4, name="shared")
            x = nn.choice("edge", [nn.Linear(4), nn.identity], shared(shared(a)))
            x = nn.by_mode(nn.Dropout(0.2, name="drop")(x), x) * nn.control("mask", 1.0, (4,))
            return {"sum": x + b + nn.parameter("p", (4,)), "other": x}

    plain = nn.trace(Net(), {"a": nn.batched((4,)), "b": nn.batched((4,))})
    (saved / "all.json").write_text(json.dumps(nn.graph_to_dict(plain)))
    graph = build({"type": "Graph", "file": "all.json"}, {"a": (4,), "b": (4,)}, saved)
    assert graph.hash == plain.hash
    assert graph.controls == plain.controls
    described = parts(
        net={"type": "Graph", "file": "all.json"}, again={"type": "MLP", "hidden": []}
    )
    with pytest.raises(ModelError, match="again takes x, and net gives sum, other"):
        build(described, {"a": (4,), "b": (4,)}, saved)


def test_an_embedded_graph_computes_the_same(saved: Path) -> None:
    plain = nn.trace(ResNet(8, 4, 3), {"image": nn.batched((3, 8, 8))})
    params = nn.initial_parameters(plain, 3)
    image = np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)
    wanted = evaluate(plain, params, {"image": image}).outputs["output"]
    described = parts(first={"type": "Graph", "file": "net.json"}, last={"type": "Constant"})
    graph = build(described, folder=saved)
    values = {f"first.{name}": array for name, array in params.items()}
    values["last.p"] = np.full(3, 2.0, np.float32)
    found = evaluate(graph, values, {"image": image}).outputs["output"]
    np.testing.assert_array_equal(found, wanted + 2.0)
    assert np.ptp(found, axis=0).min() > 0


def test_files_are_confined_to_the_folder(saved: Path) -> None:
    (saved / "inside").mkdir()
    (saved / "link.json").symlink_to(saved / "net.json")
    for text in ("../net.json", str(saved / "net.json"), "../inside/../net.json"):
        with pytest.raises(ModelError, match=r"^file: .* leads out of .*inside"):
            build({"type": "Graph", "file": text}, folder=saved / "inside")
    (saved / "inside" / "link.json").symlink_to(saved / "net.json")
    with pytest.raises(ModelError, match=r"^file: 'link\.json' leads out of"):
        build({"type": "Graph", "file": "link.json"}, folder=saved / "inside")
    assert build({"type": "Graph", "file": "link.json"}, folder=saved).nodes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no graph in JSON"),
        (b"{", "is no graph in JSON"),
        (b"\xff\xfe", "is no graph in JSON"),
        (b"[" * 100_000, "is no graph in JSON"),
        (b"[]", r"a graph of format \[\]"),
        (b'{"format": 1}', "malformed"),
        (b'{"format": NaN}', "NaN is no number of JSON"),
    ],
)
def test_files_of_something_else_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "net.json").write_bytes(content)
    with pytest.raises(ModelError, match=rf"net\.json.*{message}"):
        build({"type": "Graph", "file": "net.json"}, folder=tmp_path)


def test_missing_large_and_other_files_are_named(saved: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.json cannot be read: No such file"):
        build({"type": "Graph", "file": "none.json"}, folder=saved)
    with pytest.raises(ModelError, match=r"cannot be read: Is a directory"):
        build({"type": "Graph", "file": "."}, folder=saved)
    for text in ("", "a\0b"):
        with pytest.raises(ModelError, match=r"^file: .* is no name of a file"):
            build({"type": "Graph", "file": text}, folder=saved)
    data = (saved / "net.json").read_bytes()
    right = hashlib.sha256(data).hexdigest()
    described = {"type": "Graph", "file": "net.json", "sha256": right}
    assert build(described, folder=saved).nodes
    (saved / "net.json").write_bytes(data.replace(b'"image"', b'"imagf"'))
    with pytest.raises(ModelError, match=rf"damaged or another file: .*, not {right}"):
        build(described, folder=saved)
    with pytest.raises(ModelError, match="has more than 10 bytes"):
        read(saved / "net.json", None, limit=10)


def test_operators_of_plugins_are_found_by_name(saved: Path) -> None:
    class Tripled(nn.ops.Relu):
        """An operator that the core does not have."""

    shelf = Shelf()
    shelf.things = {**Shelf.things, ("operator", "Tripled"): Tripled}  # type: ignore[misc]
    data = json.loads((saved / "net.json").read_text())
    for node in data["nodes"]:
        if node["op"]["type"] == "Relu":
            node["op"]["type"] = "Tripled"
    (saved / "net.json").write_text(json.dumps(data))
    graph = nn.build_graph({"type": "Graph", "file": "net.json"}, shelf, PICTURE, folder=saved)
    assert any(isinstance(node.op, Tripled) for node in graph.nodes)


def test_a_source_is_a_network_whose_fields_are_its_parameters() -> None:
    network = nn.build_network({"type": "Constant", "size": 4}, Shelf())
    assert isinstance(network, Constant)
    assert isinstance(network, nn.Network)
    assert network == replace(Constant(4), catalog=None)
    assert isinstance(network.catalog, Shelf)
    with pytest.raises(ModelError, match=r"^size: expected int"):
        nn.build_network({"type": "Constant", "size": "x"}, Shelf())


def test_inputs_that_a_network_does_not_take_are_named() -> None:
    two = {"left": (4,), "right": (4,)}
    message = "Body takes the inputs x, and was given left, right"
    for described in ({"type": "Body"}, SIMPLE):
        with pytest.raises(ModelError, match=message):
            build(described, two)
    with pytest.raises(ModelError, match="Pair takes the inputs left, right, and was given image"):
        build({"type": "Pair"})
    later = parts(a={"type": "Body"}, b={"type": "Pair"})
    with pytest.raises(ModelError, match="Pair takes the inputs left, right, and was given 1 by"):
        build(later)
