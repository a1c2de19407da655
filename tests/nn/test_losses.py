"""Loss functions and components on outputs and targets by name."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import losses
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import TensorSpec, batched
from vega_core.plugins import load_catalog
from vega_core.plugins.parameters import parameters_of

A = np.array([[0.5, -1.0, 2.0], [0.0, 0.3, -0.2]])
B = np.array([[1.0, 0.0, 1.5], [0.2, -0.3, 0.1]])


class Same(nn.Network):
    """The inputs as outputs."""

    def forward(self, **inputs: nn.Tensor) -> dict[str, nn.Tensor]:
        return {f"{name}_out": nn.identity(x) for name, x in inputs.items()}


class Alone(nn.Network):
    """One input as the output."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.identity(x)


def loss_of(
    loss: losses.Loss, x: Array, targets: dict[str, Array], **controls: float
) -> tuple[nn.Graph, float]:
    spec = {"x": TensorSpec(x.shape, "float32")}
    types = {"f": "float32", "i": "int64", "b": "bool"}
    fields = {n: TensorSpec(t.shape, types[t.dtype.kind]) for n, t in targets.items()}
    graph = nn.compose(nn.trace(Alone(), spec), loss, fields)
    result = evaluate(graph, {}, {"x": x, **targets}, mode="train", controls=controls)
    return graph, float(result.outputs["loss"])


def softmax(x: Array) -> Array:
    powers = np.exp(x)
    result: Array = powers / powers.sum(1, keepdims=True)
    return result


def divergence(student: Array, teacher: Array, temperature: float) -> float:
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    return float((p * np.log(p / q)).sum(1).mean() * temperature**2)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (losses.MeanSquaredError(), ((A - B) ** 2).mean()),
        (losses.MeanAbsoluteError(), np.abs(A - B).mean()),
        (losses.SmoothL1(0.0), np.abs(A - B).mean()),
        (losses.SmoothL1(10.0), ((A - B) ** 2).mean() / 20),
    ],
)
def test_losses_of_numbers(loss: losses.Loss, expected: float) -> None:
    assert loss_of(loss, A, {"label": B})[1] == pytest.approx(expected)


def test_cross_entropy_with_weights() -> None:
    labels, weights = np.array([2, 1]), (1.0, 3.0, 0.5)
    logs = np.log(softmax(A))
    expected = -(0.5 * logs[0, 2] + 3 * logs[1, 1]) / 3.5
    loss = losses.CrossEntropy(weights=weights)
    assert loss_of(loss, A, {"label": labels})[1] == pytest.approx(expected)
    with pytest.raises(ShapeError, match="weights of 3 classes"):
        loss_of(losses.CrossEntropy(weights=[1.0, 2.0]), A, {"label": labels})


@pytest.mark.parametrize("weights", [[1.0, -1.0], [0.0, 0.0], [1.0, math.inf], []])
def test_weights_that_are_none(weights: list[float]) -> None:
    with pytest.raises(ModelError, match="weights of classes are not negative"):
        losses.CrossEntropy(weights=weights)


@pytest.mark.parametrize("dtype", [float, int, bool])
def test_binary_answers_of_any_type(dtype: type[Any]) -> None:
    scores, answers = A[:, :1], np.array([1, 0]).astype(dtype)
    chance = 1 / (1 + np.exp(-scores[:, 0]))
    expected = -(math.log(chance[0]) + math.log(1 - chance[1])) / 2
    _, value = loss_of(losses.BinaryCrossEntropy(), scores, {"label": answers})
    assert value == pytest.approx(expected)
    _, value = loss_of(losses.BinaryCrossEntropy(), scores, {"label": answers[:, None]})
    assert value == pytest.approx(expected)
    with pytest.raises(ShapeError, match="alike"):
        loss_of(losses.BinaryCrossEntropy(), A, {"label": answers})


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_divergence_from_a_target(temperature: float) -> None:
    loss = losses.KLDivergence(temperature)
    graph, value = loss_of(loss, A, {"teacher": B})
    assert value == pytest.approx(divergence(A, B, temperature))
    assert list(graph.controls) == ["loss.temperature"]
    _, other = loss_of(loss, A, {"teacher": B}, **{"loss.temperature": 2.0})
    assert other == pytest.approx(divergence(A, B, 2.0))
    assert loss_of(loss, A, {"teacher": A})[1] == pytest.approx(0, abs=1e-12)
    hashes = {loss_of(losses.KLDivergence(t), A, {"teacher": B})[0].hash for t in (1.0, 3.0)}
    assert len(hashes) == 1


def test_divergence_between_outputs() -> None:
    model = nn.trace(Same(), {"a": batched((3,)), "b": batched((3,))})
    graph = nn.compose(model, losses.KLDivergence(2.0, teacher="b_out"), {})
    result = evaluate(graph, {}, {"a": A, "b": B}).outputs["loss"]
    assert float(result) == pytest.approx(divergence(A, B, 2.0))
    assert [n.inputs for n in graph.nodes if type(n.op).__name__ == "StopGradient"] == [
        (model.outputs["b_out"],)
    ]
    with pytest.raises(ModelError, match=r"no output or target 'b_ou' .*did you mean 'b_out'"):
        nn.compose(model, losses.KLDivergence(teacher="b_ou"), {})
    with pytest.raises(ModelError, match="no output 'b_out'"):
        nn.compose(model, losses.KLDivergence(output="b_out", teacher="b_out"), {})


def test_divergence_of_places_is_their_mean() -> None:
    a, b = A.T[None], B.T[None]
    model = nn.trace(Same(), {"a": batched((3, 2)), "b": batched((3, 2))})
    graph = nn.compose(model, losses.KLDivergence(2.0, teacher="b_out"), {})
    result = evaluate(graph, {}, {"a": a, "b": b}).outputs["loss"]
    assert float(result) == pytest.approx(divergence(A, B, 2.0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.KLDivergence(0.0), "temperature is above 0"),
        (lambda: losses.KLDivergence(math.nan), "temperature is above 0"),
        (lambda: losses.SmoothL1(-1.0), "beta of a smooth error"),
        (lambda: losses.CrossEntropy(smoothing=-0.1), "label smoothing"),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        make()


@pytest.mark.parametrize(
    ("name", "alias"),
    [
        ("CrossEntropy", "CrossEntropyLoss"),
        ("BinaryCrossEntropy", "BCEWithLogitsLoss"),
        ("KLDivergence", "KLDivLoss"),
        ("MeanSquaredError", "MSELoss"),
        ("MeanAbsoluteError", "L1Loss"),
        ("SmoothL1", "SmoothL1Loss"),
    ],
)
def test_every_loss_is_a_documented_component(name: str, alias: str) -> None:
    catalog = load_catalog()
    cls = catalog.load("loss", name)
    assert cls is getattr(losses, name)
    assert catalog.load("loss", alias) is cls
    assert all(parameter.doc for parameter in parameters_of(cls))
