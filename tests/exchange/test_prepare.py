"""What of a graph is deployed."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.exchange.prepare import LOSSES, deployable
from vega_core.nn.ops import loss
from vega_core.nn.primitive import Primitive
from vega_core.nn.reference import evaluate


class Supernet(nn.Network):
    def forward(self, x):
        x = nn.Dropout(0.4, name="drop")(nn.Linear(6, name="stem")(x))
        x = nn.choice("edge", [nn.Linear(6, name="a"), nn.Linear(6, name="b")], x)
        scale = nn.control("scale", 2.0)
        mask = nn.control("mask", 1.0, (6,))
        return x * mask * scale


X = {"x": nn.batched((4,))}
GRAPH = nn.trace(Supernet(), X)
PARAMS = nn.initial_parameters(GRAPH, seed=0)
BATCH = {"x": np.random.default_rng(0).standard_normal((3, 4)).astype("float32")}


def test_a_choice_must_be_made():
    with pytest.raises(ModelError, match=r"choice 'edge' is open, with the candidates 0 to 1"):
        deployable(GRAPH, PARAMS)
    with pytest.raises(ModelError, match="candidates 0 to 1, and got 2"):
        deployable(GRAPH, PARAMS, {"edge": 2})


@pytest.mark.parametrize("edge", [0, 1])
def test_what_is_left_computes_the_same_without_controls(edge):
    mask = np.array([0, 1, 0, 1, 1, 1], "float32")
    controls = {"edge": edge, "mask": mask}
    graph, params = deployable(GRAPH, PARAMS, controls)
    assert not graph.controls
    assert set(params) == set(graph.parameters)
    other = "ba"[edge]
    assert not any(name.startswith(f"{other}.") for name in params)
    expected = evaluate(GRAPH, PARAMS, BATCH, controls=controls).outputs["output"]
    given = evaluate(graph, params, BATCH).outputs["output"]
    np.testing.assert_array_equal(given, expected)
    assert (given[:, 0] == 0).all()


def test_mistakes_in_controls_and_parameters():
    with pytest.raises(ModelError, match="no control 'skale'; did you mean 'scale'"):
        deployable(GRAPH, PARAMS, {"edge": 0, "skale": 1})
    with pytest.raises(ModelError, match=r"control 'mask' is \(6,\), and got \(5,\)"):
        deployable(GRAPH, PARAMS, {"edge": 0, "mask": np.ones(5)})
    less = {name: array for name, array in PARAMS.items() if name != "stem.weight"}
    with pytest.raises(ModelError, match=r"parameter 'stem.weight' \(6, 4\) is missing"):
        deployable(GRAPH, less, {"edge": 0})
    with pytest.raises(ModelError, match=r"'stem.weight' is \(4, 6\), and in the graph \(6, 4\)"):
        deployable(GRAPH, {**PARAMS, "stem.weight": PARAMS["stem.weight"].T}, {"edge": 0})


def test_losses_are_left_out_with_what_they_need():
    model = nn.trace(nn.Linear(3), X)
    label = {"label": nn.batched((), "int64")}
    training = nn.compose(model, nn.losses.CrossEntropy(), label)
    assert set(training.outputs) == {"output", "loss"}
    graph, _ = deployable(training, nn.initial_parameters(training, seed=0))
    assert (set(graph.outputs), set(graph.inputs)) == ({"output"}, {"x"})


def test_a_graph_of_losses_alone_is_nothing_to_export():
    model = nn.trace(nn.Linear(3), X)
    training = nn.compose(model, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    only = nn.Graph(
        training.inputs,
        training.controls,
        training.parameters,
        training.nodes,
        {"loss": training.outputs["loss"]},
        training.specs,
    )
    with pytest.raises(ModelError, match="nothing to export: the outputs loss all need a loss"):
        deployable(only, nn.initial_parameters(training, seed=0))


def test_every_loss_is_known():
    own = [kind for kind in vars(loss).values() if getattr(kind, "__module__", "") == loss.__name__]
    kinds = [kind for kind in own if isinstance(kind, type) and issubclass(kind, Primitive)]
    assert set(kinds) == set(LOSSES)
