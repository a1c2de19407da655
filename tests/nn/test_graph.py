from __future__ import annotations

import copy
import json
import math
import os
import subprocess
import sys
from typing import Any

import pytest

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import losses
from vega_core.nn.serial import canonical_json
from vega_tasks.classification.networks import MLP, ResNet

PICTURE = {"image": nn.batched((1, 8, 8))}
PROGRAM = """
from vega_core import nn
from vega_tasks.classification.networks import ResNet
print(nn.trace(ResNet(8, 4), {"image": nn.batched((1, 8, 8))}).hash)
"""


def resnet() -> nn.Graph:
    return nn.trace(ResNet(8, 4), PICTURE)


def test_a_graph_survives_json() -> None:
    graph = nn.compose(
        nn.trace(MLP(10, (8,), 0.1), PICTURE),
        losses.CrossEntropy(0.1),
        {"label": nn.batched((), "int64")},
    )
    text = json.dumps(nn.graph_to_dict(graph))
    again = nn.graph_from_dict(json.loads(text))
    assert again.hash == graph.hash
    assert again.nodes == graph.nodes
    assert again.parameters == graph.parameters
    assert again.specs == graph.specs
    assert again.controls == {"drop1.rate": nn.ControlSpec(0.1)}


def test_the_hash_is_the_same_in_every_process() -> None:
    seen = {resnet().hash}
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        seen.add(done.stdout.strip())
    assert len(seen) == 1


def test_the_hash_is_of_the_structure() -> None:
    base = nn.trace(MLP(10, (8,), 0.1), PICTURE)
    assert base.hash == nn.trace(MLP(10, (8,), 0.3), PICTURE).hash
    others = [
        nn.trace(MLP(10, (9,), 0.1), PICTURE),
        nn.trace(MLP(10, (8, 8), 0.1), PICTURE),
        nn.trace(MLP(10, (8,), 0.1), {"image": nn.batched((1, 8, 9))}),
        nn.trace(MLP(10, (8,), 0.1), {"picture": nn.batched((1, 8, 8))}),
        nn.trace(MLP(10, (8,), 0.1, mode="eval"), PICTURE),
    ]
    assert len({base.hash, *(graph.hash for graph in others)}) == 6


def test_the_hash_leaves_out_where_parameters_begin() -> None:
    class Net(nn.Network):
        init: nn.initializers.Initializer | None = None

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(3, weight_init=self.init)(nn.flatten(x))

    assert nn.trace(Net(), PICTURE).hash == nn.trace(Net(nn.initializers.Normal(1.0)), PICTURE).hash


def test_numbers_that_json_lacks_are_texts() -> None:
    values = {"a": [math.inf, -math.inf, (math.nan, 1.5)]}
    assert canonical_json(values) == '{"a":["inf","-inf",["nan",1.5]]}'


def test_a_graph_with_infinite_attributes_is_written_read_and_hashed() -> None:
    class Net(nn.Network):
        around: float

        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.pad(x, (0, 1, 0, 1), self.around) * nn.control("bound", math.inf)

    graphs = [nn.trace(Net(value), {"x": nn.batched((3,))}) for value in (-math.inf, math.inf, 0.0)]
    assert len({graph.hash for graph in graphs}) == 3
    text = json.dumps(nn.graph_to_dict(graphs[0]), allow_nan=False)
    again = nn.graph_from_dict(json.loads(text))
    assert again.hash == graphs[0].hash
    assert again.nodes == graphs[0].nodes
    assert again.controls == {"bound": nn.ControlSpec(math.inf)}


def test_the_version_of_an_operator_is_part_of_the_graph() -> None:
    class Next(nn.ops.Relu):
        version = 2

    Next.__name__ = "Relu"
    data = nn.graph_to_dict(resnet())
    data["nodes"][2]["op"]["version"] = 2
    with pytest.raises(ModelError, match=r"^stem|^relu.*Relu of version 2; this version reads 1"):
        nn.graph_from_dict(data)
    newer = tuple(
        nn.Node(node.name, Next(), node.inputs) if isinstance(node.op, nn.ops.Relu) else node
        for node in resnet().nodes
    )
    old = resnet()
    graph = nn.Graph(old.inputs, old.controls, old.parameters, newer, old.outputs, old.specs)
    assert graph.hash != old.hash


def test_in_mode_fixes_what_is_open() -> None:
    graph = resnet()
    assert {getattr(node.op, "mode", None) for node in graph.nodes} == {None}
    for mode in ("train", "eval"):
        fixed = graph.in_mode(mode)  # type: ignore[arg-type]
        modes = {n.op.mode for n in fixed.nodes if isinstance(n.op, nn.ops.BatchNormalization)}
        assert modes == {mode}
        assert [n.name for n in fixed.nodes] == [n.name for n in graph.nodes]


def test_restricted_keeps_what_the_inputs_reach() -> None:
    training = nn.compose(resnet(), losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    model = training.restricted(frozenset({"image"}))
    assert list(model.outputs) == ["output"]
    assert list(model.inputs) == ["image"]
    assert model.nodes == resnet().nodes
    assert training.restricted(frozenset(training.inputs)).nodes == training.nodes
    assert not training.restricted(frozenset({"label"})).outputs


def test_restricted_drops_idle_parts() -> None:
    class Net(nn.Network):
        def forward(self, a: nn.Tensor, b: nn.Tensor) -> dict[str, nn.Tensor]:
            head = nn.Linear(2, name="head")(a)
            return {"one": head, "two": nn.Linear(2, name="other")(b) * nn.control("scale", 1.0)}

    graph = nn.trace(Net(), {"a": nn.batched((3,)), "b": nn.batched((3,))})
    part = graph.restricted(frozenset({"a"}))
    assert list(part.parameters) == ["head.weight", "head.bias"]
    assert part.controls == {}


def damaged(**changes: object) -> dict[str, object]:
    return {**nn.graph_to_dict(resnet()), **changes}


def test_a_damaged_graph_is_refused() -> None:
    good = nn.graph_to_dict(resnet())
    with pytest.raises(ModelError, match="format 9"):
        nn.graph_from_dict(damaged(format=9))
    with pytest.raises(ModelError, match="malformed"):
        nn.graph_from_dict({"format": 1})
    with pytest.raises(ModelError, match="output 'output' is 'nowhere'"):
        nn.graph_from_dict(damaged(outputs={"output": "nowhere"}))
    nodes = [dict(node) for node in good["nodes"]]
    nodes[0]["op"] = {"type": "Convv"}
    with pytest.raises(ModelError, match=r"unknown operator 'Convv'; did you mean 'Conv'"):
        nn.graph_from_dict(damaged(nodes=nodes))
    nodes = [dict(node) for node in good["nodes"]]
    nodes[1]["inputs"] = ["stem.con"]
    with pytest.raises(ModelError, match=r"stem.norm: input 'stem.con' is no value"):
        nn.graph_from_dict(damaged(nodes=nodes))
    nodes[1]["inputs"] = ["stem.conv", "stem.conv"]
    with pytest.raises(ModelError, match=r"stem.norm: .*takes 1 input, and got 2"):
        nn.graph_from_dict(damaged(nodes=nodes))


def test_parameters_that_do_not_fit_are_refused() -> None:
    good = nn.graph_to_dict(resnet())
    parameters = {**good["parameters"]}
    parameters["fc.weight"] = {**parameters["fc.weight"], "shape": [10, 17]}
    with pytest.raises(ShapeError, match=r"fc: parameter 'fc.weight' is \(10, 17\) .*\(10, 16\)"):
        nn.graph_from_dict(damaged(parameters=parameters))
    del parameters["fc.weight"]
    with pytest.raises(ModelError, match=r"fc: no parameter 'fc.weight'"):
        nn.graph_from_dict(damaged(parameters=parameters))


def test_operators_of_others_are_found_by_the_caller() -> None:
    data = nn.graph_to_dict(resnet())
    for node in data["nodes"]:
        if node["op"]["type"] == "Relu":
            node["op"] = {"type": "MyRelu", "version": 1}
    graph = nn.graph_from_dict(data, {"MyRelu": nn.ops.Relu}.__getitem__)
    assert graph.hash == resnet().hash


EVIL = "1e-5) or __import__('os').abort() or (0"


def named(data: dict[str, Any], name: str) -> Any:
    return next(node for node in data["nodes"] if node["name"] == name)


@pytest.mark.parametrize(
    ("node", "key", "value", "message"),
    [
        ("stem.norm", "epsilon", EVIL, r"stem\.norm: BatchNormalization\.epsilon: expected float"),
        ("stem.norm", "momentum", EVIL, r"momentum: expected float"),
        ("stem.norm", "epsilon", None, r"epsilon: expected float, got None"),
        ("stem.norm", "epsilon", True, r"epsilon: expected float, got True"),
        ("stem.norm", "mode", EVIL, r"mode: expected Literal\['train', 'eval'\] \| None"),
        ("stem.conv", "group", EVIL, r"stem\.conv: Conv\.group: expected int"),
        ("stem.conv", "group", 1.5, r"Conv\.group: expected int"),
        ("stem.conv", "bias", EVIL, r"Conv\.bias: expected bool"),
        ("stem.conv", "bias", 1, r"Conv\.bias: expected bool"),
        ("stem.conv", "strides", [EVIL, 1], r"Conv\.strides: expected tuple\[int, \.\.\.\]"),
        ("stem.conv", "strides", 2, r"Conv\.strides: expected tuple"),
        ("stem.conv", "strides", [1], r"stem\.conv: a window .*needs 2 strides"),
        ("stem.conv", "pads", [1, 1], r"stem\.conv: a window .*4 pads"),
        ("stem.conv", "stride", 1, r"Conv has no attribute 'stride'; did you mean 'strides'"),
        ("fc", "bias", ["x"], r"Gemm\.bias: expected bool"),
        ("loss.softmaxcrossentropyloss_1", "ignore_index", EVIL, "ignore_index: expected int"),
        ("loss.softmaxcrossentropyloss_1", "smoothing", EVIL, "smoothing: expected float"),
        ("loss.softmaxcrossentropyloss_1", "reduction", EVIL, "reduction: expected Literal"),
    ],
)
def test_attributes_of_a_file_have_the_types_of_the_operator(
    node: str, key: str, value: Any, message: str
) -> None:
    graph = nn.compose(resnet(), losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    data = nn.graph_to_dict(graph)
    named(data, node)["op"][key] = value
    with pytest.raises(ModelError, match=message):
        nn.graph_from_dict(json.loads(json.dumps(data)))


def test_an_operator_of_a_file_has_all_its_attributes() -> None:
    data = nn.graph_to_dict(resnet())
    del named(data, "stem.conv")["op"]["pads"]
    with pytest.raises(ModelError, match=r"stem\.conv: Conv needs the attribute 'pads'"):
        nn.graph_from_dict(data)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("inputs", "image", "shape"), ["N", 1, 8, 8], "shape of 'image': expected tuple"),
        (("inputs", "image", "dtype"), "float", "'float' is no name of an element type"),
        (("inputs", "image", "dtype"), "object", "'object' is no name of an element type"),
        (("inputs", "image", "dtype"), "evil", "malformed"),
        (("inputs", "image", "dtype"), 3, "dtype of 'image': expected str"),
        (("parameters", "fc.bias", "dtype"), "int64", "'fc.bias' is int64 and .* needs float32"),
        (("parameters", "fc.bias", "kind"), "evil", "kind of 'fc.bias': expected Literal"),
        (("parameters", "fc.bias", "init", "type"), "eval", "unknown initializer 'eval'"),
        (("parameters", "fc.bias", "init", "bound"), EVIL, "Uniform.bound of 'fc.bias': expected"),
        (("parameters", "fc.bias", "init", "bond"), 1.0, "malformed"),
        (("nodes", 0, "name"), 3, "name of a node: expected str"),
        (("nodes", 0, "inputs"), "image", "inputs of 'stem.conv': expected tuple"),
        (("nodes", 0, "params", "weight"), ["a"], "parameters of 'stem.conv': expected str"),
        (("nodes", 0, "op", "type"), ["Conv"], "type of an operator: expected str"),
        (("outputs", "output"), ["fc"], "outputs: expected str"),
        (("nodes",), 3, "malformed"),
    ],
)
def test_every_part_of_a_file_is_checked(path: tuple[Any, ...], value: Any, message: str) -> None:
    data = copy.deepcopy(nn.graph_to_dict(resnet()))
    *way, last = path
    place: Any = data
    for key in way:
        place = place[key]
    place[last] = value
    with pytest.raises(ModelError, match=message):
        nn.graph_from_dict(data)


def test_what_is_no_graph_at_all_is_refused() -> None:
    with pytest.raises(ModelError, match="a graph of format"):
        nn.graph_from_dict([1])  # type: ignore[arg-type]


def test_an_operator_that_trips_over_its_inputs_is_named() -> None:
    class Second(nn.ops.Relu):
        def infer(self, *inputs: nn.TensorSpec) -> tuple[nn.TensorSpec, ...]:
            return (inputs[1],)

    data = nn.graph_to_dict(resnet())
    name = next(node["name"] for node in data["nodes"] if node["op"]["type"] == "Relu")
    named(data, name)["op"]["type"] = "Second"
    message = rf"^{name}: Second cannot take 1 inputs \(\(N, 4, 8, 8\) float32\): tuple index"
    with pytest.raises(ModelError, match=message):
        nn.graph_from_dict(data, {"Second": Second}.__getitem__)
