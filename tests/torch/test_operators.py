"""The table of lowerings, and what graphs of them compute beside the cases of single operators."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vega_backend_torch.generate import generate
from vega_backend_torch.lower import LOWERINGS
from vega_core import nn
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.reference import evaluate
from vega_core.testing.operators import CASES
from vega_core.testing.operators.case import Single

BY_THE_SOURCE = {ops.ByMode, ops.Choice, ops.Constant}
"""Operators that are no expression: decided before, a branch, a variable at the top."""

IN_GRAPHS = {ops.Parameter, ops.Random, ops.StopGradient}
"""Operators whose tests are no cases."""


def test_every_operator_of_the_core_is_lowered_and_tested() -> None:
    assert set(LOWERINGS) == set(ops.OPERATORS.values()) - BY_THE_SOURCE
    assert {type(case.op) for case in CASES.values()} == set(LOWERINGS) - IN_GRAPHS


def test_numbers_and_controls_are_part_of_expressions() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            scale = nn.control("scale", 3.0)
            return (2 - x * 0.5) / scale + 1 / (x + 4.0) - (-x) * (scale + 1.0)

    graph = nn.trace(Net(), {"x": nn.batched((4,))})
    x = np.linspace(-1, 1, 12).reshape(3, 4)
    (output,) = generate(graph).run([], [torch.tensor(x)], [5.0], 0)
    expected = (2 - x * 0.5) / 5 + 1 / (x + 4) + x * 6
    np.testing.assert_allclose(output.numpy(), expected)
    np.testing.assert_allclose(
        evaluate(graph, {}, {"x": x}, controls={"scale": 5.0}).outputs["output"], expected
    )


def test_an_array_with_a_second_reader_is_not_overwritten() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            y = x + 1.0
            kept = nn.flatten(y)
            z = x - 1.0
            return {"relu": nn.flatten(nn.relu(y)), "kept": kept, "raw": z, "other": nn.relu(z)}

    graph = nn.trace(Net(), {"x": nn.batched((2, 3))})
    x = np.linspace(-3, 3, 12).reshape(2, 2, 3)
    outputs = dict(
        zip(graph.outputs, generate(graph).run([], [torch.tensor(x)], [], 0), strict=True)
    )
    expected = evaluate(graph, {}, {"x": x}).outputs
    for name, value in expected.items():
        np.testing.assert_array_equal(outputs[name].numpy(), value)


def test_an_operator_without_lowering_is_refused() -> None:
    class Unknown(ops.Relu):
        pass

    graph = nn.trace(Single(Unknown()), {"a": nn.batched((3,))})
    with pytest.raises(ModelError, match="vega-backend-torch has no lowering of Unknown"):
        generate(graph)


def test_infinite_numbers_in_a_graph() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            padded = nn.pad(x, (0, 1, 0, 1), -math.inf)
            return {"padded": padded, "scaled": x * math.inf, "none": x * math.nan}

    graph = nn.trace(Net(), {"x": nn.batched((2,))})
    x = np.array([[1.0, -2.0]])
    padded, scaled, none = generate(graph).run([], [torch.tensor(x)], [], 0)
    assert padded.tolist() == [[-math.inf, 1.0, -2.0, -math.inf]]
    assert scaled.tolist() == [[math.inf, -math.inf]]
    assert none.isnan().all()


@pytest.mark.parametrize("dtype", ["int32", "int16", "int8"])
def test_labels_of_any_integer_type(dtype: str) -> None:
    op = ops.SoftmaxCrossEntropyLoss(0.1)
    inputs = {"a": nn.batched((3,)), "b": nn.batched((), dtype)}
    graph = nn.trace(Single(op), inputs)
    scores = np.array([[0.5, -1.0, 2.0], [0.1, 0.2, 0.4]])
    labels = np.array([2, 0], dtype)
    (loss,) = generate(graph).run([], [torch.tensor(scores), torch.tensor(labels)], [], 0)
    expected = evaluate(graph, {}, {"a": scores, "b": labels}).outputs["output"]
    np.testing.assert_allclose(float(loss), expected, rtol=1e-9)


@pytest.mark.parametrize("old", [2, 3, 5])
def test_nearest_reads_the_exact_element_in_float32(old: int) -> None:
    """Checks sizes at which scaling a place in float32 falls on the element before."""
    wrong = 0
    for new in range(1, 240):
        graph = nn.trace(Single(ops.Resize((new,))), {"a": nn.TensorSpec((1, 1, old))})
        x = np.arange(old, dtype=np.float32)[None, None]
        (result,) = generate(graph).run([], [torch.tensor(x)], [], 0)
        expected = evaluate(graph, {}, {"a": x}).outputs["output"]
        np.testing.assert_array_equal(result.numpy(), expected)
        plain = torch.nn.functional.interpolate(torch.tensor(x), new, mode="nearest")
        wrong += not np.array_equal(plain.numpy(), expected)
    assert wrong > 0
