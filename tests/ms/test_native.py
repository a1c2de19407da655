"""A graph as a mindspore.nn.Cell that knows nothing of Vega."""

from __future__ import annotations

from typing import Any

import mindspore as ms
import numpy as np
import pytest

from vega_backend_ms.backend import MindSporeBackend
from vega_backend_ms.native import GraphCell
from vega_core import nn
from vega_core.errors import ModelError, StateError
from vega_core.nn.reference import evaluate
from vega_tasks.classification.networks import WideResNet

GRAPH = nn.trace(WideResNet(10, widen_factor=1, dropout=0.5), {"image": nn.batched((3, 8, 8))})
PARAMS = nn.initial_parameters(GRAPH, 0)
IMAGE = np.random.default_rng(0).standard_normal((4, 3, 8, 8)).astype(np.float32)


@pytest.fixture
def cell() -> GraphCell:
    found: GraphCell = MindSporeBackend().native(GRAPH, PARAMS)
    return found.set_train(False)


def test_it_has_the_graphs_names_and_outputs(cell: GraphCell) -> None:
    assert [parameter.name for parameter in cell.get_parameters()] == list(GRAPH.parameters)
    trained = {parameter.name for parameter in cell.trainable_params()}
    assert trained == {name for name, spec in GRAPH.parameters.items() if spec.trained}
    expected = evaluate(GRAPH, PARAMS, {"image": IMAGE}).outputs["output"]
    found = cell(ms.Tensor(IMAGE)).asnumpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_mindspore_trains_it(cell: GraphCell) -> None:
    cell.set_train()
    weights = ms.ParameterTuple(cell.trainable_params())
    before = {one.name: one.asnumpy().copy() for one in cell.get_parameters()}

    def loss() -> Any:
        return cell(ms.Tensor(IMAGE)).square().mean()

    value, gradients = ms.value_and_grad(loss, None, weights)()
    assert np.isfinite(float(value))
    assert np.abs(gradients[0].asnumpy()).max() > 0
    moved = {n for n, one in before.items() if not np.array_equal(one, _of(cell, n))}
    assert moved == {n for n, spec in GRAPH.parameters.items() if spec.kind == "statistic"}


def test_dropout_draws_in_training_alone(cell: GraphCell) -> None:
    image = ms.Tensor(IMAGE)
    assert np.array_equal(cell(image).asnumpy(), cell(image).asnumpy())
    cell.set_train()
    assert not np.array_equal(cell(image).asnumpy(), cell(image).asnumpy())
    cell.controls.update(dict.fromkeys(cell.controls, 0.0))
    assert np.array_equal(cell(image).asnumpy(), cell(image).asnumpy())


def test_graph_mode_evaluates_it(cell: GraphCell) -> None:
    image = ms.Tensor(IMAGE)
    (found,) = ms.jit(cell.compilable())(image)
    np.testing.assert_allclose(found.asnumpy(), cell(image).asnumpy(), rtol=1e-5, atol=1e-6)


def test_graph_mode_chooses_nothing() -> None:
    class Choosing(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.choice("edge", [nn.relu, nn.sigmoid], x)

    graph = nn.trace(Choosing(), {"x": nn.batched((3,))})
    cell = MindSporeBackend().native(graph, {})
    cell.controls["edge"] = 1
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_allclose(cell(ms.Tensor(x)).asnumpy(), 1 / (1 + np.exp(-x)), rtol=1e-5)
    with pytest.raises(ModelError, match="run it eagerly"):
        cell.compilable()


def test_parameters_that_do_not_fit_are_named() -> None:
    backend = MindSporeBackend()
    name = next(iter(PARAMS))
    with pytest.raises(StateError, match=name):
        backend.native(GRAPH, {n: array for n, array in PARAMS.items() if n != name})
    with pytest.raises(StateError, match=name):
        backend.native(GRAPH, {**PARAMS, name: PARAMS[name][:1]})


def test_wrong_inputs_and_controls_are_told(cell: GraphCell) -> None:
    with pytest.raises(TypeError, match="takes image, and was given 2 by position"):
        cell(ms.Tensor(IMAGE), ms.Tensor(IMAGE))
    cell.controls["drop"] = 0.1
    with pytest.raises(ModelError, match="drop"):
        cell(ms.Tensor(IMAGE))


def _of(cell: GraphCell, name: str) -> Any:
    return next(one.asnumpy() for one in cell.get_parameters() if one.name == name)
