"""Graphs made from graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ModelError, ShapeError
from vega_core.nn.initializers import Full, Normal, Uniform
from vega_core.nn.reference import evaluate

PICTURE = {"image": nn.batched((2, 4, 4))}


class Net(nn.Network):
    """Two convolutions with normalization, of which one is called twice, and a dense layer."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        shared = nn.Conv(6, weight_init=Normal(0.1), name="shared")
        x = nn.relu(nn.BatchNorm(name="norm")(nn.Conv(6, name="stem")(x)))
        x = nn.Conv(6, name="body")(x)
        x = shared(nn.relu(shared(x)))
        return nn.Linear(3, name="fc")(nn.flatten(nn.global_average_pool(x)))


def graph() -> nn.Graph:
    return nn.trace(Net(), PICTURE)


def names(graph: nn.Graph) -> list[str]:
    return [node.name for node in graph.nodes]


def any_of(site: nn.Site) -> Any:
    return site.node.op


def after(name: str, function: Any) -> Any:
    """Returns an edit that puts a function behind a node."""

    def edit(site: nn.Site) -> Any:
        return function(*site.keep()) if site.node.name == name else None

    return edit


def test_a_node_is_put_behind_another() -> None:
    old = graph()
    new = nn.rewritten(old, after("norm", lambda x: nn.softmax(x, 1)))
    assert names(new) == ["stem", "norm", "norm.softmax_1", *names(old)[2:]]
    assert new.nodes[3].inputs == ("norm.softmax_1",)
    assert new.parameters == old.parameters
    assert list(old.outputs) == list(new.outputs)
    assert names(old)[2] == "relu_1"


def test_modules_and_controls_may_be_put_in() -> None:
    class Gate(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            gate = nn.Linear(x.channels, name="fc")(nn.flatten(nn.global_average_pool(x)))
            gate = nn.reshape(gate * nn.control("scale", 0.5), 0, 0, 1, 1)
            return x * gate

    new = nn.rewritten(graph(), after("norm", lambda x: Gate(name="gate")(x)))
    assert new.parameters["norm.gate.fc.weight"].shape == (6, 6)
    assert new.controls == {"norm.gate.scale": nn.ControlSpec(0.5)}
    assert nn.graph_from_dict(nn.graph_to_dict(new)).hash == new.hash


def test_putting_the_same_in_again_shares_nothing() -> None:
    edit = after("norm", lambda x: nn.BatchNorm(name="again")(x))
    once = nn.rewritten(graph(), edit)
    twice = nn.rewritten(once, edit)
    added = [name for name in twice.parameters if "again" in name and name.endswith("weight")]
    assert added == ["norm_2.again.weight", "norm.again.weight"]
    assert nn.rewritten(twice, lambda site: None).hash == twice.hash


def test_a_node_is_replaced_and_removed() -> None:
    def edit(site: nn.Site) -> Any:
        match site.node.op:
            case nn.ops.Relu():
                return nn.sigmoid(*site.inputs)
            case nn.ops.BatchNormalization():
                return site.inputs[0]
        return None

    new = nn.rewritten(graph(), edit)
    assert names(new)[:3] == ["stem", "relu_1.sigmoid_1", "body"]
    assert not any("norm" in name for name in new.parameters)
    assert new.nodes[1].inputs == ("stem",)


def test_an_operator_changes_and_its_parameters_keep_names() -> None:
    def edit(site: nn.Site) -> Any:
        op: Any = site.node.op
        return site.keep(replace(op, epsilon=0.1)) if hasattr(op, "epsilon") else None

    old, new = graph(), nn.rewritten(graph(), edit)
    assert new.parameters == old.parameters
    assert new.hash != old.hash
    assert [n.params for n in new.nodes] == [n.params for n in old.nodes]


def test_parameters_come_and_go_with_the_operator() -> None:
    def edit(site: nn.Site) -> Any:
        op: Any = site.node.op
        return site.keep(replace(op, bias=not op.bias)) if hasattr(op, "bias") else None

    bare = nn.rewritten(graph(), edit)
    assert [name for name in bare.parameters if name.endswith("bias")] == ["norm.bias"]
    assert nn.graph_from_dict(nn.graph_to_dict(bare)).hash == bare.hash
    again = nn.rewritten(bare, edit)
    assert again.hash == graph().hash
    assert again.parameters.keys() == graph().parameters.keys()


def wider(name: str, channels: int) -> Any:
    def edit(site: nn.Site) -> Any:
        if site.node.params.get("weight") == f"{name}.weight":
            return site.keep(replace(any_of(site), out_channels=channels))
        return None

    return edit


def test_channels_change_and_later_shapes_follow() -> None:
    old, new = graph(), nn.rewritten(graph(), wider("stem", 8))
    pairs = {n: (old.parameters[n], new.parameters[n]) for n in ("norm.weight", "norm.running_var")}
    for before, now in pairs.values():
        assert (before.shape, now.shape) == ((6,), (8,))
        assert (before.kind, before.init, before.dtype) == (now.kind, now.init, now.dtype)
    assert new.parameters["stem.weight"].shape == (8, 2, 3, 3)
    assert old.specs["norm"].shape == (-1, 6, 4, 4)
    assert new.specs["norm"].shape == (-1, 8, 4, 4)


def test_a_shared_weight_that_no_longer_fits_names_both_shapes() -> None:
    with pytest.raises(ShapeError, match=r"^shared\.weight: shared, with shape \(6, 8.* \(6, 6"):
        nn.rewritten(graph(), wider("body", 8))


def test_what_no_longer_fits_names_the_node() -> None:
    class Sum(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Conv(3, name="a")(x) + nn.Conv(3, name="b")(x)

    with pytest.raises(ShapeError, match=r"^add_1: cannot broadcast \(N, 4, 4, 4\) with \(N, 3"):
        nn.rewritten(nn.trace(Sum(), PICTURE), wider("a", 4))


def test_initializers_are_kept_where_they_were_chosen_and_follow_where_not() -> None:
    class Two(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            x = nn.Linear(8, name="one")(x)
            return nn.Linear(8, weight_init=Full(3.0), name="two")(x)

    old = nn.trace(Two(), {"x": nn.batched((4,))})

    def edit(site: nn.Site) -> Any:
        return site.keep(replace(any_of(site), out_features=2)) if site.node.name == "one" else None

    new = nn.rewritten(old, edit)
    assert new.parameters["two.weight"].shape == (8, 2)
    assert new.parameters["two.weight"].init == Full(3.0)
    assert old.parameters["two.bias"].init == Uniform(1 / 8**0.5)
    assert new.parameters["two.bias"].init == Uniform(1 / 2**0.5)


def test_kinds_are_kept() -> None:
    old = graph()
    new = nn.rewritten(old, after("fc", nn.softmax))
    assert {n: s.kind for n, s in new.parameters.items()} == {
        n: s.kind for n, s in old.parameters.items()
    }


def test_an_edit_gives_as_many_outputs_as_the_node_has() -> None:
    def edit(site: nn.Site) -> Sequence[nn.Tensor]:
        return (*site.keep(), *site.inputs)

    message = r"^stem: the edit gave 2 outputs for 1: \(N, 6, 4, 4\), \(N, 2, 4, 4\)$"
    with pytest.raises(ModelError, match=message):
        nn.rewritten(graph(), edit)


def test_outputs_of_an_operator_with_several_are_replaced_one_by_one() -> None:
    class Halves(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            a, b = nn.split(x, 2, 1)
            return a * 2.0 + b

    old = nn.trace(Halves(), {"x": nn.batched((4,))})

    def swap(site: nn.Site) -> Any:
        return site.keep()[::-1] if isinstance(site.node.op, nn.ops.Split) else None

    x = np.arange(4.0).reshape(1, 4)
    found = [evaluate(g, {}, {"x": x}).outputs["output"] for g in (old, nn.rewritten(old, swap))]
    np.testing.assert_array_equal(found, [[[2.0, 5.0]], [[4.0, 7.0]]])


def test_outputs_may_become_inputs() -> None:
    class One(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.relu(x)

    new = nn.rewritten(nn.trace(One(), PICTURE), lambda site: site.inputs)
    assert (new.nodes, new.outputs) == ((), {"output": "image"})


def test_what_nothing_needs_is_gone_and_inputs_stay() -> None:
    class Both(nn.Network):
        def forward(self, a: nn.Tensor, b: nn.Tensor) -> nn.Tensor:
            return nn.Linear(2, name="a")(a) + nn.Linear(2, name="b")(b) * nn.control("c", 1.0)

    inputs = {"a": nn.batched((2,)), "b": nn.batched((2,))}
    old = nn.trace(Both(), inputs)

    def first(site: nn.Site) -> Any:
        return site.inputs[0] if isinstance(site.node.op, nn.ops.Add) else None

    new = nn.rewritten(old, first)
    assert list(new.inputs) == ["a", "b"]
    assert (list(new.parameters), new.controls) == (["a.weight", "a.bias"], {})


def test_new_parameters_do_not_take_the_names_of_old_ones() -> None:
    message = r"the graph has a parameter 'norm\.weight' already"
    with pytest.raises(ModelError, match=message):
        nn.rewritten(graph(), after("norm", lambda x: x * nn.parameter("weight", (6, 1, 1))))


def test_a_tensor_of_another_graph_is_refused() -> None:
    stray: list[nn.Tensor] = []
    nn.rewritten(graph(), lambda site: stray.extend(site.inputs))
    with pytest.raises(ModelError, match=r"^stem: a tensor of another trace"):
        nn.rewritten(graph(), lambda site: nn.relu(stray[0]))
