"""What holds for every graph, whatever network it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vega_core import nn
from vega_core.nn.reference import Evaluation, evaluate

Graphs = st.SearchStrategy[nn.Graph]
Arrays = Callable[[nn.Graph, int], tuple[dict[str, Any], dict[str, Any]]]

ONCE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def same(a: Evaluation, b: Evaluation) -> None:
    assert a.outputs.keys() == b.outputs.keys()
    for name in a.outputs:
        np.testing.assert_array_equal(a.outputs[name], b.outputs[name])


@ONCE
@given(data=st.data())
def test_a_graph_survives_json(graphs: Graphs, data: st.DataObject) -> None:
    graph = data.draw(graphs)
    written = nn.graph_to_dict(graph)
    again = nn.graph_from_dict(json.loads(json.dumps(written, allow_nan=False)))
    assert again.hash == graph.hash
    assert again.nodes == graph.nodes
    assert (again.inputs, again.controls) == (graph.inputs, graph.controls)
    assert again.parameters == graph.parameters
    assert again.outputs == graph.outputs
    assert nn.graph_to_dict(again) == written


@ONCE
@given(data=st.data())
def test_rewriting_without_a_change_changes_nothing(graphs: Graphs, data: st.DataObject) -> None:
    graph = data.draw(graphs).pruned()
    for edit in (lambda site: None, lambda site: site.keep()):
        again = nn.rewritten(graph, edit)
        assert again.hash == graph.hash
        assert again.nodes == graph.nodes
        assert again.parameters == graph.parameters
        assert again.controls == graph.controls


@ONCE
@given(data=st.data(), seed=st.integers(0, 3), mode=st.sampled_from(["train", "eval"]))
def test_a_specialised_graph_computes_what_the_controls_choose(
    graphs: Graphs, arrays: Arrays, data: st.DataObject, seed: int, mode: Any
) -> None:
    graph = data.draw(graphs)
    known = nn.candidates(graph)
    chosen = {name: data.draw(st.integers(0, count - 1)) for name, count in known.items()}
    params, inputs = arrays(graph, seed)
    whole = evaluate(graph, params, inputs, mode=mode, controls=chosen, seed=seed)
    part = nn.specialised(graph, chosen)
    assert not nn.candidates(part)
    assert set(part.parameters) <= set(graph.parameters)
    assert set(part.controls) <= set(graph.controls) - set(chosen)
    same(whole, evaluate(part, params, inputs, mode=mode, seed=seed))
    few = dict(list(chosen.items())[:1])
    same(
        whole,
        evaluate(nn.specialised(graph, few), params, inputs, mode=mode, controls=chosen, seed=seed),
    )


@ONCE
@given(data=st.data(), mode=st.sampled_from(["train", "eval"]))
def test_a_mode_is_chosen_once(
    graphs: Graphs, arrays: Arrays, data: st.DataObject, mode: Any
) -> None:
    graph = data.draw(graphs)
    fixed = graph.in_mode(mode)
    assert not any(isinstance(node.op, nn.ops.ByMode) for node in fixed.nodes)
    assert fixed.in_mode("train").hash == fixed.hash == fixed.in_mode("eval").hash
    params, inputs = arrays(graph, 1)
    same(evaluate(graph, params, inputs, mode=mode), evaluate(fixed, params, inputs))


@ONCE
@given(data=st.data())
def test_a_branch_is_what_disappears_with_it(graphs: Graphs, data: st.DataObject) -> None:
    """A node is in a branch if and only if choosing another branch removes it."""
    graph = data.draw(graphs).pruned()
    places = nn.branches(graph)
    assert places.keys() == {node.name for node in graph.nodes}
    controls = {n.name: n.inputs[0] for n in graph.nodes if isinstance(n.op, nn.ops.Choice)}
    for choice, control in controls.items():
        for number in range(nn.candidates(graph)[control]):
            left = {node.name for node in nn.specialised(graph, {control: number}).nodes}
            for name, branch in places.items():
                inside = dict(branch).get(choice)
                if inside is not None and controls_once(graph, control):
                    assert (name in left) == (inside == number)


def controls_once(graph: nn.Graph, control: str) -> bool:
    """A module that is called twice makes two choices by one control."""
    return sum(control in node.inputs for node in graph.nodes) == 1


@ONCE
@given(data=st.data())
def test_channels_of_a_group_are_as_many(graphs: Graphs, data: st.DataObject) -> None:
    graph = data.draw(graphs)
    groups = nn.channel_groups(graph)
    for name, group in groups.items():
        assert graph.specs[name].shape[1] == group.channels
        assert name in group.values
        assert group.makers or group.fixed
