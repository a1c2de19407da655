"""Graphs as functional models of Keras: every operator against the reference."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from vega_backend_tf.functional.build import FORMS, functional
from vega_core import nn
from vega_core.errors import ModelError
from vega_core.exchange import deployable
from vega_core.exchange.prepare import LOSSES
from vega_core.nn import ops
from vega_core.nn.reference import evaluate
from vega_core.testing.operators import CASES

CONSTANT = (ops.Range,)
"""Operators of which a graph of nothing else is a constant, which is no model of Keras."""
WITHOUT = {*LOSSES, ops.ByMode, ops.Choice, ops.Random, ops.ScatterElements}
"""Operators that no file of Keras holds; the first are no part of what is deployed."""
FORMED = [c for c in CASES.values() if type(c.op) in FORMS and not isinstance(c.op, CONSTANT)]


def split_of_the_batch(case) -> bool:
    return isinstance(case.op, ops.Split) and min(case.op.sizes) < 0 and len(case.op.sizes) > 1


def test_every_operator_is_in_the_table_or_left_out() -> None:
    kinds = set(ops.OPERATORS.values())
    assert kinds == {*FORMS} | WITHOUT
    assert not {*FORMS}.intersection(WITHOUT)


@pytest.mark.parametrize("case", FORMED, ids=str)
def test_keras_computes_the_reference(case) -> None:
    arrays = {name: array.astype("float32") for name, array in case.arrays()[1].items()}
    graph, params = deployable(case.graph(), arrays)
    if split_of_the_batch(case):
        with pytest.raises(ModelError, match="splits no axis that depends on the batch"):
            functional(graph, params)
        return
    made = functional(graph, params)
    model = keras.models.model_from_json(made.to_json())  # as a file holds it
    model.set_weights(made.get_weights())
    for size in (case.batch, case.batch + 2)[: 1 if case.given else 2]:
        drawn = replace(case, batch=size).arrays(1)[0]
        inputs = {name: drawn[name].astype(spec.dtype) for name, spec in graph.inputs.items()}
        given = model(inputs if len(inputs) > 1 else next(iter(inputs.values())))
        given = given if isinstance(given, dict) else dict.fromkeys(graph.outputs, given)
        expected = evaluate(graph, params, inputs).outputs
        for name, wanted in expected.items():
            array = np.asarray(given[name])
            assert (array.shape, array.dtype) == (wanted.shape, wanted.dtype)
            scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=1.0)
            np.testing.assert_allclose(array, wanted, rtol=1e-4, atol=1e-5 * scale)


def trace(function) -> nn.Graph:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return function(x)

    return nn.trace(Net(), {"x": nn.batched((3,))})


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x + nn.random_uniform(x, -1, 3), "Random is none of them"),
        (lambda _: nn.parameter("fixed", (3,)), "an output that is a constant: 'output'"),
    ],
    ids=["random", "constant"],
)
def test_what_keras_cannot_hold_is_told(function, message) -> None:
    graph = trace(function)
    with pytest.raises(ModelError, match=message):
        functional(*deployable(graph, nn.initial_parameters(graph, 0)))


def test_parameters_of_no_layer_are_constants() -> None:
    graph = trace(lambda x: nn.Linear(2, name="fc")(x * nn.parameter("scale", (3,))))
    params = {**nn.initial_parameters(graph, 0), "scale": np.array([1.0, 2.0, 3.0], np.float32)}
    model = functional(*deployable(graph, params))
    assert [weight.path for weight in model.weights] == ["fc/kernel", "fc/bias"]
    x = np.ones((4, 3), np.float32)
    np.testing.assert_allclose(
        model(x), evaluate(graph, params, {"x": x}).outputs["output"], rtol=1e-5
    )
