"""Controls, parameters as values, choices and modes, as networks write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_core.nn.reference import evaluate

X = {"x": nn.batched((4,))}
Forward = Callable[[nn.Tensor], Any]


def traced(
    forward: Forward,
    inputs: Mapping[str, nn.TensorSpec] = X,
    overrides: Mapping[str, Any] | None = None,
) -> nn.Graph:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> Any:
            return forward(x)

    return nn.trace(Net(), inputs, overrides)


def weights(graph: nn.Graph) -> list[str]:
    return [name for name in graph.parameters if name.endswith("weight")]


def test_a_control_has_a_shape_a_type_and_a_name_in_its_module() -> None:
    class Masked(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            mask = nn.control("mask", 1.0, (4,))
            return x * mask * nn.control("rate", 0.5)

    graph = traced(lambda x: Masked(name="b")(x))
    assert graph.controls == {
        "b.mask": nn.ControlSpec(1.0, (4,)),
        "b.rate": nn.ControlSpec(0.5),
    }
    assert graph.specs["b.mask"] == nn.TensorSpec((4,))
    again = nn.graph_from_dict(json.loads(json.dumps(nn.graph_to_dict(graph))))
    assert again.controls == graph.controls
    x = np.ones((2, 4))
    given: dict[str, Any] = {"b.mask": np.array([0.0, 1.0, 2.0, 3.0]), "b.rate": 2.0}
    found = evaluate(graph, {}, {"x": x}).outputs["output"]
    np.testing.assert_array_equal(found, x * 0.5)
    found = evaluate(graph, {}, {"x": x}, controls=given).outputs["output"]
    np.testing.assert_array_equal(found, x * [0.0, 2.0, 4.0, 6.0])


def test_the_hash_knows_the_form_of_a_control_and_not_its_default() -> None:
    def hash_of(*args: Any) -> str:
        return traced(lambda x: x * nn.cast(nn.control("c", *args), "float32")).hash

    assert hash_of(1.0) == hash_of(2.0)
    assert len({hash_of(1.0), hash_of(1.0, (4,)), hash_of(1.0, (1,)), hash_of(1, (), "int64")}) == 4


def test_one_control_may_be_asked_for_twice_in_one_form() -> None:
    graph = traced(lambda x: x * nn.control("c", 1.0) + nn.control("c", 1.0))
    assert list(graph.controls) == ["c"]
    others: list[Any] = [(2.0,), (1.0, (4,)), (1, (), "int64")]
    for other in others:

        def twice(x: nn.Tensor, other: Any = other) -> nn.Tensor:
            nn.control("c", 1.0)
            nn.control("c", *other)
            return x

        with pytest.raises(ModelError, match=r"^Net: control 'c' is asked for twice, as .* and as"):
            traced(twice)


@pytest.mark.parametrize("name", ["lr", "seed", "step", "weight_decay", "clip_norm", "x"])
def test_names_of_others_are_not_free_for_controls(name: str) -> None:
    with pytest.raises(ModelError, match=rf"^Net: '{name}' is no free name for a control"):
        traced(lambda x: x * nn.control(name, 1.0))


def test_sizes_of_a_control_are_positive() -> None:
    with pytest.raises(ModelError, match=r"control 'c' needs positive sizes: \(N, 2\)"):
        traced(lambda x: x * nn.control("c", 1.0, (-1, 2)))


def test_a_parameter_is_a_value() -> None:
    class Prompted(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            prompt = nn.parameter("prompt", (4,), nn.initializers.Full(2.0), "bias")
            return x + prompt

    graph = traced(lambda x: Prompted(name="b")(x))
    spec = nn.ParameterSpec((4,), nn.initializers.Full(2.0), "bias")
    assert graph.parameters == {"b.prompt": spec}
    assert [node.name for node in graph.nodes] == ["b.prompt", "b.add_1"]
    assert graph.stats().params == 4
    again = nn.graph_from_dict(json.loads(json.dumps(nn.graph_to_dict(graph))))
    assert again.hash == graph.hash
    assert again.parameters == graph.parameters
    found = evaluate(graph, {"b.prompt": np.arange(4.0)}, {"x": np.ones((2, 4))})
    np.testing.assert_array_equal(found.outputs["output"], [np.arange(4.0) + 1] * 2)


def test_a_parameter_of_a_shared_module_is_shared() -> None:
    class Shift(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return x + nn.parameter("by", (4,))

    def forward(x: nn.Tensor) -> nn.Tensor:
        shift = Shift(name="shift")
        return shift(shift(x))

    graph = traced(forward)
    assert list(graph.parameters) == ["shift.by"]
    assert len(graph.nodes) == 4


def test_a_parameter_of_a_name_has_one_form() -> None:
    def forward(x: nn.Tensor, other: Any) -> nn.Tensor:
        return x + nn.parameter("p", (4,)) + nn.parameter("p", *other)

    with pytest.raises(ShapeError, match=r"^p: shared, with shape \(4,\) .* and \(1,\)"):
        traced(lambda x: forward(x, ((1,),)))
    message = r"^p: shared, as a weight of float32 at its first call and a constant of float32"
    with pytest.raises(ModelError, match=message):
        traced(lambda x: forward(x, ((4,), None, "constant")))
    with pytest.raises(ShapeError, match=r"positive sizes"):
        traced(lambda x: forward(x, ((0,),)))


def test_candidates_are_named_by_the_choice_unless_they_have_names() -> None:
    def forward(x: nn.Tensor) -> nn.Tensor:
        shared = nn.Linear(4, name="shared")
        candidates: list[Any] = [
            nn.Linear(4),
            lambda x: nn.relu(nn.Linear(4, name="inner")(x)),
            shared,
            lambda x: shared(shared(x)),
            nn.identity,
        ]
        return nn.choice("edge", candidates, x)

    graph = traced(forward)
    assert weights(graph) == ["edge.0.weight", "edge.1.inner.weight", "shared.weight"]
    assert graph.controls == {"edge": nn.ControlSpec(0, (), "int64")}
    assert nn.candidates(graph) == {"edge": 5}
    kept = nn.specialised(graph, {"edge": 2})
    assert weights(kept) == ["shared.weight"]
    assert kept.controls == {}
    assert list(nn.specialised(graph, {"edge": 4}).inputs) == ["x"]


def test_choices_may_be_inside_choices() -> None:
    def edge(x: nn.Tensor) -> nn.Tensor:
        return nn.choice("inner", [nn.Linear(4), nn.Linear(4)], nn.relu(x))

    graph = traced(lambda x: nn.choice("outer", [nn.Linear(4), edge], x) + x)
    assert weights(graph) == ["outer.0.weight", "outer.1.inner.0.weight", "outer.1.inner.1.weight"]
    assert nn.candidates(graph) == {"outer.1.inner": 2, "outer": 2}
    assert nn.branches(graph) == {
        "outer.0": (("choice_1", 0),),
        "outer.1.relu_1": (("choice_1", 1),),
        "outer.1.inner.0": (("choice_1", 1), ("outer.1.choice_1", 0)),
        "outer.1.inner.1": (("choice_1", 1), ("outer.1.choice_1", 1)),
        "outer.1.choice_1": (("choice_1", 1),),
        "choice_1": (),
        "add_1": (),
    }
    first = nn.specialised(graph, {"outer": 0})
    assert first.controls == {}
    second = nn.specialised(graph, {"outer": 1})
    assert list(second.controls) == ["outer.1.inner"]
    both = nn.specialised(graph, {"outer": 1, "outer.1.inner": 1})
    assert both.hash == nn.specialised(second, {"outer.1.inner": 1}).hash
    assert weights(both) == ["outer.1.inner.1.weight"]


def test_a_module_called_twice_has_one_choice() -> None:
    class Edge(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.choice("op", [nn.Linear(4), nn.identity], x)

    def forward(x: nn.Tensor) -> nn.Tensor:
        edge = Edge(name="edge")
        return edge(edge(x))

    graph = traced(forward)
    assert nn.candidates(graph) == {"edge.op": 2}
    assert len(nn.specialised(graph, {"edge.op": 0}).nodes) == 2


def test_a_choice_that_there_is_not_is_named() -> None:
    graph = traced(lambda x: nn.choice("edge", [nn.Linear(4), nn.identity], x))
    with pytest.raises(ModelError, match="no choice 'edgy'; did you mean 'edge'"):
        nn.specialised(graph, {"edgy": 0})
    for number in (-1, 2):
        with pytest.raises(ModelError, match=rf"candidates 0 to 1, and got {number}"):
            nn.specialised(graph, {"edge": number})


def test_candidates_must_agree() -> None:
    with pytest.raises(ModelError, match=r"^Net: choice 'e' has no candidates"):
        traced(lambda x: nn.choice("e", [], x))
    with pytest.raises(ShapeError, match=r"number 0 gives \(N, 4\) .* number 1 gives \(N, 5\)"):
        traced(lambda x: nn.choice("e", [nn.Linear(4), nn.Linear(5)], x))
    with pytest.raises(ModelError, match=r"candidate 'e\.0' returned \(.*\): expected a tensor"):
        traced(lambda x: nn.choice("e", [lambda x: (x, x)], x))


def test_a_choice_is_made_by_a_control() -> None:
    graph = traced(lambda x: nn.choice("edge", [nn.relu, nn.identity], x))
    data = nn.graph_to_dict(graph)
    data["inputs"]["edge"] = data["controls"].pop("edge")
    with pytest.raises(ModelError, match=r"^choice_1: a choice is made by a control, not 'edge'"):
        nn.graph_from_dict(data)


class Cut(nn.Block):
    """Trains through one layer and is evaluated through another."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.by_mode(nn.Linear(4, name="a")(x), nn.Linear(4, name="b")(x))


def test_the_mode_decides_and_the_other_side_is_gone() -> None:
    graph = traced(lambda x: Cut(name="cut")(x))
    assert weights(graph) == ["cut.a.weight", "cut.b.weight"]
    assert weights(graph.in_mode("train")) == ["cut.a.weight"]
    assert weights(graph.in_mode("eval")) == ["cut.b.weight"]
    assert [node.name for node in graph.in_mode("eval").nodes] == ["cut.b"]


@pytest.mark.parametrize("overridden", [False, True])
def test_a_module_may_have_a_mode_of_its_own(overridden: bool) -> None:
    class Pair(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            mode: Any = None if overridden else "eval"
            return Cut(name="teacher", mode=mode)(x) + Cut(name="student")(x)

    overrides = {"teacher.mode": "eval"} if overridden else None
    graph = nn.trace(Pair(), X, overrides)
    assert weights(graph.in_mode("train")) == ["teacher.b.weight", "student.a.weight"]
    assert weights(graph.in_mode("eval")) == ["teacher.b.weight", "student.b.weight"]
    again = nn.graph_from_dict(nn.graph_to_dict(graph))
    assert again.hash == graph.hash
    assert again.in_mode("train").nodes == graph.in_mode("train").nodes


def test_both_sides_of_a_mode_have_one_form() -> None:
    with pytest.raises(ShapeError, match=r"in training it would be \(N, 3\) .* \(N, 4\)"):
        traced(lambda x: nn.by_mode(nn.Linear(3)(x), x))


def test_stop_gradient_is_a_node() -> None:
    graph = traced(nn.stop_gradient)
    assert [type(node.op) for node in graph.nodes] == [nn.ops.StopGradient]


def test_a_node_remembers_its_module_and_the_hash_does_not() -> None:
    class Body(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.relu(nn.Linear(4, name="fc")(x))

    graph = traced(lambda x: nn.relu(Body(name="body")(x)))
    assert {node.name: node.module for node in graph.nodes} == {
        "body.fc": "body.fc",
        "body.relu_1": "body",
        "relu_1": "",
    }
    data = nn.graph_to_dict(graph)
    assert [node["module"] for node in data["nodes"]] == ["body.fc", "body", ""]
    for node in data["nodes"]:
        node["module"] = "elsewhere"
    assert nn.graph_from_dict(data).hash == graph.hash
