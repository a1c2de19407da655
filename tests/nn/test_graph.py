from __future__ import annotations

import json
import os
import subprocess
import sys

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
    assert again.controls == {"drop1.rate": 0.1}


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


def test_canonical_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})


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
    with pytest.raises(ModelError, match=r"cannot take 2 inputs"):
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
            node["op"] = {"type": "MyRelu"}
    graph = nn.graph_from_dict(data, {"MyRelu": nn.ops.Relu}.__getitem__)
    assert graph.hash == resnet().hash
