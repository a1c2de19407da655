"""``{type: Onnx, file: ...}``: a description like any other, and files that are refused."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import vega_core
from vega_core import nn
from vega_core.errors import DescriptionError, ModelError, ShapeError
from vega_core.exchange import to_onnx
from vega_core.exchange.onnx.reading.source import Onnx
from vega_core.nn.reference import evaluate
from vega_core.nn.sources import GraphFile
from vega_core.plugins import NotInstalled, load_catalog

CATALOG = load_catalog(strict=False)
SPECS = {"image": nn.batched((3, 8, 8))}


class Small(nn.Network):
    def forward(self, x):
        y = nn.relu(nn.BatchNorm(name="norm1")(nn.Conv(6, 3, padding=1, name="conv1")(x)))
        y = nn.relu(nn.Conv(6, 3, padding=1, name="conv2")(y) + y)
        return nn.Linear(4, name="fc")(nn.flatten(nn.global_average_pool(y)))


GRAPH = nn.trace(Small(), SPECS)
PARAMS = nn.initial_parameters(GRAPH, seed=0)


@pytest.fixture
def path(tmp_path):
    onnx.save(to_onnx(GRAPH, PARAMS), tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def build(path, specs=SPECS, **description):
    return nn.build_graph({"type": "Onnx", "file": str(path), **description}, CATALOG, specs)


def image(batch=2):
    return np.random.default_rng(0).standard_normal((batch, 3, 8, 8)).astype("float32")


def outputs(graph, params=None, **options):
    values = nn.initial_parameters(graph, seed=9) if params is None else params
    given = {name: image() for name in graph.inputs}
    return evaluate(graph, values, given, **options).outputs["output"]


def test_the_graph_has_the_files_names_and_values(path):
    graph = build(path)
    assert {type(node.op).__name__ for node in graph.nodes if node.params} == {
        "Conv",
        "BatchNormalization",
        "Gemm",
    }
    assert list(graph.inputs) == ["image"]
    np.testing.assert_allclose(outputs(graph), outputs(GRAPH, PARAMS), atol=1e-6)
    one, two = (nn.initial_parameters(graph, seed) for seed in (1, 2))
    one["fc.weight"] += 1  # no other array changes
    np.testing.assert_array_equal(two["fc.weight"], PARAMS["fc.weight"])
    np.testing.assert_array_equal(nn.initial_parameters(graph, 3)["fc.weight"], PARAMS["fc.weight"])


def test_normalizations_are_trained(path):
    graph = build(path)
    moved = evaluate(graph, PARAMS, {"image": image()}, mode="train").statistics
    assert set(moved) == {"norm1.running_mean", "norm1.running_var"}


def test_the_checksum_guards_the_file(path):
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    build(path, sha256=sha256)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="damaged or another file"):
        build(path, sha256=sha256)


def test_a_description_means_the_content_wherever_the_file_is(path, tmp_path):
    other = tmp_path / "copy.onnx"
    other.write_bytes(path.read_bytes())
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    one, two, three = (
        nn.description_hash({"type": "Onnx", **rest}, CATALOG)
        for rest in (
            {"file": str(path)},
            {"file": str(other)},
            {"file": str(path), "sha256": sha256},
        )
    )
    assert one == two == three
    other.write_bytes(to_onnx(GRAPH, PARAMS, name="another").SerializeToString())
    assert nn.description_hash({"type": "Onnx", "file": str(other)}, CATALOG) != one


def test_other_sizes_of_the_input(path):
    assert build(path, {"image": nn.batched((3, 12, 10))}).stats().params == GRAPH.stats().params
    with pytest.raises(ShapeError, match=r"conv1: its weight is \(6, 3, 3, 3\)"):
        build(path, {"image": nn.batched((4, 8, 8))})
    with pytest.raises(
        ShapeError, match=r"input 'image' is \(N, 3, 8, 8\) float32, and got \(N, 9\)"
    ):
        build(path, {"image": nn.batched((9,))})
    with pytest.raises(ModelError, match="takes the inputs image, and was given left, right"):
        build(path, {"left": nn.batched((9,)), "right": nn.batched((9,))})


def test_overrides_set_attributes(path):
    wide = build(path, overrides={"conv?.out_channels": 8, "fc.out_features": 3})
    assert wide.parameters["conv2.weight"].shape == (8, 8, 3, 3)
    params = nn.initial_parameters(wide, seed=0)
    # What has another shape begins anew, by the seed; what has not, as in the file.
    assert np.ptp(params["fc.weight"]) > 0
    assert outputs(wide, params).shape == (2, 3)
    frozen = build(path, overrides={"norm1.mode": "eval"})
    assert evaluate(frozen, PARAMS, {"image": image()}, mode="train").statistics == {}
    kept = nn.initial_parameters(build(path, overrides={"fc.out_features": 3}), seed=0)
    np.testing.assert_array_equal(kept["conv1.weight"], PARAMS["conv1.weight"])


def test_channels_that_are_taken_are_set_where_they_are_made(path):
    graph = build(path, overrides={"fc.in_channels": 8})
    assert graph.parameters["conv1.weight"].shape[0] == 8
    assert graph.parameters["fc.weight"].shape == (4, 8)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"conv1.out_channel": 8}, "did you mean 'conv1.out_channels'"),
        ({"conv1.out_channels": "many"}, "expected int, got 'many'"),
        ({"conv1.out_channels": 8}, "cannot broadcast"),
        ({"conv1.group": 5}, "must divide"),
    ],
)
def test_overrides_that_do_not_fit(path, overrides, message):
    with pytest.raises(ModelError, match=message):
        build(path, overrides=overrides)


def test_it_is_rewritten(path):
    def edit(site):
        return nn.sigmoid(*site.inputs) if isinstance(site.node.op, nn.ops.Relu) else None

    graph = nn.rewritten(build(path), edit)
    assert {type(node.op).__name__ for node in graph.nodes} >= {"Sigmoid"}
    np.testing.assert_array_equal(
        nn.initial_parameters(graph, seed=0)["conv1.weight"], PARAMS["conv1.weight"]
    )


def test_its_graph_is_written_without_the_values(path, tmp_path):
    graph = build(path)
    text = json.dumps(nn.graph_to_dict(graph))
    file = tmp_path / "graph.json"
    file.write_text(text)
    again = nn.trace(GraphFile(file), SPECS)
    assert again.hash == graph.hash
    assert outputs(again, PARAMS).shape == (2, 4)


def test_several_parts(path):
    description = {
        "modules": ["body", "head"],
        "body": {"type": "Onnx", "file": str(path)},
        "head": {"type": "Onnx", "file": str(path.with_name("head.onnx"))},
    }
    head = nn.trace(nn.Linear(2, name="last"), {"x": nn.batched((4,))})
    onnx.save(to_onnx(head, nn.initial_parameters(head, 0)), path.with_name("head.onnx"))
    graph = nn.build_graph(description, CATALOG, SPECS)
    params = nn.initial_parameters(graph, seed=1)
    np.testing.assert_array_equal(params["body.conv1.weight"], PARAMS["conv1.weight"])
    assert outputs(graph, params).shape == (2, 2)


def test_what_the_file_says_of_its_inputs(path):
    model = vega_core.describe_model(str(path))
    assert model.inputs == SPECS
    assert model.stats().params == GRAPH.stats().params
    assert model.stats().macs == GRAPH.stats().macs


# Files that are refused


def saved(tmp_path, nodes, arrays=(), outputs=("y",), *, opset=17, functions=(), shape=(3,)):
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        list(arrays),
    )
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid("mine", 1)] if functions else []
    model = helper.make_model(graph, opset_imports=opsets, functions=functions)
    path = tmp_path / "made.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def refused(path, message, shape=(3,)):
    with pytest.raises(ModelError, match=message):
        nn.trace(Onnx(path), {"x": nn.batched(shape)})


def array(name, numbers, dtype="float32"):
    return numpy_helper.from_array(np.asarray(numbers, dtype), name)


def test_all_unsupported_operators_are_named(tmp_path):
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="fine"),
        helper.make_node("NonZero", ["a"], ["b"], name="one"),
        helper.make_node("QuantizeLinear", ["a", "a"], ["c"], name="two"),
        helper.make_node("NonZero", ["a"], ["d"]),
        helper.make_node("Gelu", ["a"], ["y"], name="three", domain="com.microsoft"),
    ]
    refused(
        saved(tmp_path, nodes),
        r"4 nodes are of operators that cannot be read: NonZero \(one, the node of 'd'\); "
        r"QuantizeLinear \(two\); com.microsoft.Gelu \(three\)",
    )


@pytest.mark.parametrize("opset", [12, 999])
def test_opsets_that_are_not_read(tmp_path, opset):
    path = saved(tmp_path, [helper.make_node("Relu", ["x"], ["y"])], opset=opset)
    refused(path, f"a model of opset {opset}; 13 to .* are read")


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (("MaxPool", ["x"], ["y", "z"]), "MaxPool needs the attribute 'kernel_shape'"),
        (("Relu", [], ["y"]), "Relu takes 1 inputs, and has 0"),
        (("Relu", ["nowhere"], ["y"]), "reads 'nowhere', which nothing before it gives"),
        (("Reshape", ["x", "x"], ["y"]), "the new shape must be known when the file is read"),
        (("Reshape", ["x", "w"], ["y"]), "the new shape are whole numbers, and got float32"),
        (("Conv", ["x", "x"], ["y"]), "its weight is computed, where an array of the file"),
        (("Add", ["x", "big"], ["y"]), r"cannot broadcast \(N, 3\) with \(7,\)"),
    ],
)
def test_nodes_that_make_no_sense(tmp_path, node, message):
    kind, inputs, outputs = node
    made = helper.make_node(kind, inputs, outputs, name="the.node")
    path = saved(tmp_path, [made], [array("w", [1, 2]), array("big", range(7))])
    refused(path, f"made.onnx: the.node: {message}")


@pytest.mark.parametrize("data", [b"", b"\x00" * 50, b"not a model", b"PK\x03\x04"])
def test_what_is_no_model(tmp_path, data):
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    refused(path, "no ONNX model, or a damaged one")
    refused(tmp_path / "missing.onnx", "cannot be read")


def test_bombs(tmp_path):
    huge = array("s", [2**40, 2**20], "int64")
    fill = helper.make_node("ConstantOfShape", ["s"], ["y"], name="fill")
    refused(saved(tmp_path, [fill], [huge]), "fill: a constant .* too large")
    many = [array("s", [1000, 1000], "int64")]
    fills = [helper.make_node("ConstantOfShape", ["s"], [f"y{i}"]) for i in range(50)]
    refused(saved(tmp_path, fills, many, ["y49"]), "too large")
    ends = [array(n, v, "int64") for n, v in (("a", 0), ("b", 2**60), ("c", 1))]
    count = helper.make_node("Range", ["a", "b", "c"], ["y"], name="count")
    refused(saved(tmp_path, [count], ends), "count: Range from 0 to")
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2**40])
    refused(saved(tmp_path, [helper.make_node("Relu", ["w"], ["y"])], [tensor]), "bytes; .* read")
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2**20], raw_data=b"1234")
    refused(saved(tmp_path, [helper.make_node("Relu", ["w"], ["y"])], [tensor]), "bytes has 4")


def test_element_types_that_graphs_do_not_have(tmp_path):
    tensor = TensorProto(name="w", data_type=TensorProto.BFLOAT16, dims=[1], raw_data=b"12")
    path = saved(tmp_path, [helper.make_node("Add", ["x", "w"], ["y"])], [tensor])
    refused(path, "array 'w': elements of type bfloat16 are not read")


# External data


def external(tmp_path, location, **entries):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    return saved(tmp_path, [helper.make_node("Mul", ["x", "w"], ["y"])], [tensor])


NUMBERS = np.array([1, 2, 3], "<f4")


def test_external_data(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "w.bin").write_bytes(b"1234" + NUMBERS.tobytes())
    checksum = hashlib.sha1(NUMBERS.tobytes()).hexdigest()
    path = external(tmp_path, "data/w.bin", offset=4, length=12, checksum=checksum)
    graph = nn.trace(Onnx(path), {"x": nn.batched((3,))})
    np.testing.assert_array_equal(nn.initial_parameters(graph, 0)["w"], NUMBERS)
    (tmp_path / "data" / "w.bin").write_bytes(b"1234" + NUMBERS[::-1].tobytes())
    with pytest.raises(ModelError, match="the checksum of 'w' is another"):
        nn.initial_parameters(graph, 0)


def test_external_data_that_are_missing_are_told_when_they_are_needed(tmp_path):
    graph = nn.trace(Onnx(external(tmp_path, "w.bin")), {"x": nn.batched((3,))})
    assert graph.stats().params == 3
    with pytest.raises(ModelError, match=r"w\.bin"):
        nn.initial_parameters(graph, 0)


@pytest.mark.parametrize(
    "location",
    ["../w.bin", "a/../../w.bin", "/etc/passwd", "", "~/w.bin", "c:\\w.bin", "..\\w.bin", "a\0b"],
)
def test_external_data_from_elsewhere(tmp_path, location):
    (tmp_path / "in").mkdir()
    (tmp_path / "w.bin").write_bytes(NUMBERS.tobytes())
    refused(external(tmp_path / "in", location), "only files in the model's own folder")


def test_external_data_by_a_link_that_leads_out(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "w.bin").write_bytes(NUMBERS.tobytes())
    (tmp_path / "in" / "w.bin").symlink_to(tmp_path / "w.bin")
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    refused(external(tmp_path / "in", "w.bin"), "lead out of")
    refused(external(tmp_path / "in", "up/w.bin"), "lead out of")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"offset": -4}, "offset '-4'"),
        ({"length": 8}, "of 12 bytes has 8"),
        ({"offset": 4}, "have 12 bytes, and 16 are wanted"),
        ({"offset": 10**30}, "external data with offset"),
    ],
)
def test_external_data_of_wrong_sizes(tmp_path, entries, message):
    (tmp_path / "w.bin").write_bytes(NUMBERS.tobytes())
    refused(external(tmp_path, "w.bin", **entries), message)


def test_external_data_that_are_no_file(tmp_path):
    (tmp_path / "w.bin").mkdir()
    refused(external(tmp_path, "w.bin"), "are no file")


# Functions


def function(name, nodes, attributes=(), inputs=("a",)):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    return helper.make_function("mine", name, list(inputs), ["b"], nodes, opsets, list(attributes))


def test_functions_of_the_file_are_read(tmp_path):
    leaky = helper.make_node("LeakyRelu", ["a"], ["c"])
    leaky.attribute.add(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    inner = function("Inner", [leaky, helper.make_node("Neg", ["c"], ["b"])], ["slope"])
    outer = function("Outer", [helper.make_node("Inner", ["a"], ["b"], domain="mine", slope=0.5)])
    nodes = [helper.make_node("Outer", ["x"], ["y"], domain="mine", name="call")]
    path = saved(tmp_path, nodes, functions=[inner, outer])
    graph = nn.trace(Onnx(path), {"x": nn.batched((3,))})
    x = np.array([[-2, 0, 2]], "float32")
    np.testing.assert_array_equal(evaluate(graph, {}, {"x": x}).outputs["output"], [[1, 0, -2]])


def test_functions_that_call_themselves(tmp_path):
    endless = function("F", [helper.make_node("F", ["a"], ["b"], domain="mine")])
    node = helper.make_node("F", ["x"], ["y"], domain="mine")
    refused(saved(tmp_path, [node], functions=[endless]), "call one another without end")
    calls = [helper.make_node("F", ["a"], [f"c{i}"], domain="mine") for i in range(16)]
    calls.append(helper.make_node("Relu", ["a"], ["b"]))
    wide = function("F", calls)
    refused(saved(tmp_path, [node], functions=[wide]), "without end|too many nodes")


def test_many_inputs_and_outputs(tmp_path):
    graph = nn.trace(Pair(), {"left": nn.batched((3,)), "right": nn.batched((3,))})
    path = tmp_path / "pair.onnx"
    onnx.save(to_onnx(graph, {}), path)
    again = nn.trace(Onnx(path), dict(graph.inputs))
    assert list(again.outputs) == ["sum", "product"]
    assert list(again.inputs) == ["left", "right"]


class Pair(nn.Network):
    def forward(self, left, right):
        return {"sum": left + right, "product": left * right}


def test_without_onnx_the_extra_is_named(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(NotInstalled, match=r"vega-core\[onnx\]"):
        build(path)


def test_a_description_that_was_read_names_files_of_its_folder(path):
    described = {"type": "Onnx", "file": "../model.onnx"}
    (path.parent / "inner").mkdir()
    with pytest.raises(DescriptionError, match="leads out of"):
        nn.build_graph(described, CATALOG, SPECS, folder=path.parent / "inner")
    inside = {"type": "Onnx", "file": "model.onnx"}
    graph = nn.build_graph(inside, CATALOG, SPECS, folder=Path(path.parent))
    assert graph.stats().params == GRAPH.stats().params
