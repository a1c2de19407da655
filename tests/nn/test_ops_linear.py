"""Dense layers and matrix products."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.primitive import Call
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, Shape, TensorSpec, batched


def product(a: Array, b: Array) -> Array:
    return ops.MatMul().reference(Call([a, b], {}))[0]


def test_a_product_of_stacks_by_plain_loops() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 1, 3, 4)), rng.standard_normal((5, 4, 2))
    result = product(a, b)
    assert result.shape == (2, 5, 3, 2)
    for i, j, row, column in itertools.product(*map(range, result.shape)):
        expected = sum(a[i, 0, row, k] * b[j, k, column] for k in range(4))
        assert result[i, j, row, column] == pytest.approx(expected)
    assert product(a[0, 0, 0], b[0, :, 0]).shape == ()


@pytest.mark.parametrize(
    ("a", "b", "result", "macs"),
    [
        ((BATCH, 5), (5, 4), (BATCH, 4), 20),
        ((BATCH, 2, 3, 5), (BATCH, 2, 5, 4), (BATCH, 2, 3, 4), 120),
        ((BATCH, 1, 3, 5), (2, 5, 4), (BATCH, 2, 3, 4), 120),
        ((4, BATCH), (BATCH, 5), (4, 5), 20),
        ((BATCH, 4), (4, BATCH), (BATCH, BATCH), 4),
        ((BATCH, 3, 5), (5,), (BATCH, 3), 15),
        ((5,), (BATCH, 5, 3), (BATCH, 3), 15),
        ((5,), (5,), (), 5),
    ],
)
def test_shapes_and_multiply_adds(a: Shape, b: Shape, result: Shape, macs: int) -> None:
    inputs = TensorSpec(a), TensorSpec(b)
    outputs = ops.MatMul().infer(*inputs)
    assert outputs == (TensorSpec(result),)
    assert ops.MatMul().macs(inputs, outputs) == macs


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (batched((4,)), batched((4,)), r"cannot multiply \(N, 4\) by \(N, 4\)"),
        (TensorSpec((BATCH, 4)), TensorSpec(()), "needs axes"),
        (TensorSpec((2, 3, 4)), TensorSpec((3, 4, 2)), r"broadcast \(2,\) with \(3,\)"),
        (TensorSpec((BATCH, 4)), TensorSpec((4, 2), "float64"), "element types of MatMul differ"),
        (TensorSpec((BATCH, 4), "int64"), TensorSpec((4, 2), "int64"), "takes float16"),
        (TensorSpec((4, BATCH)), TensorSpec((-2, 4)), "cannot multiply"),
    ],
)
def test_products_that_do_not_fit(a: TensorSpec, b: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        ops.MatMul().infer(a, b)


class Dense(nn.Network):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(3, name="fc")(x)


@pytest.mark.parametrize("shape", [(4,), (2, 4), (5, 2, 4), (1, 1, 1, 4)])
def test_a_dense_layer_works_over_the_last_axis(shape: Shape) -> None:
    graph = nn.trace(Dense(), {"x": batched(shape)})
    assert graph.specs[graph.outputs["output"]].shape == (BATCH, *shape[:-1], 3)
    assert list(graph.parameters) == ["fc.weight", "fc.bias"]
    assert [node.name for node in graph.nodes if isinstance(node.op, ops.Gemm)] == ["fc"]
    assert graph.stats().macs == 3 * int(np.prod(shape))
    rng = np.random.default_rng(0)
    params = {name: rng.standard_normal(s.shape) for name, s in graph.parameters.items()}
    x = rng.standard_normal((2, *shape))
    expected = np.einsum("...i,oi->...o", x, params["fc.weight"]) + params["fc.bias"]
    (result,) = evaluate(graph, params, {"x": x}).outputs.values()
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_a_dense_layer_without_a_batch_or_with_it_elsewhere() -> None:
    for shape in ((4,), (2, 4), (2, BATCH, 4)):
        graph = nn.trace(Dense(), {"x": TensorSpec(shape)})
        assert graph.specs[graph.outputs["output"]].shape == (*shape[:-1], 3)
    for shape, message in (((), "needs an input"), ((2, BATCH, BATCH, 4), "batch more than once")):
        with pytest.raises(ShapeError, match=f"^fc: .*{message}"):
            nn.trace(Dense(), {"x": TensorSpec(shape)})


@pytest.mark.parametrize(
    ("op", "spec", "message"),
    [
        (ops.Gemm(4), batched((3, 2)), "flatten it"),
        (ops.Gemm(0), batched((3,)), "0 outputs"),
        (ops.Gemm(4), TensorSpec((3, BATCH)), "needs an input"),
        (ops.Gemm(4), batched((3,), "int64"), "takes float16"),
    ],
)
def test_dense_layers_that_do_not_fit(op: ops.Gemm, spec: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(spec)


def test_products_of_tensors_and_arrays() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            weight = np.array([[1.0, 2.0], [3.0, 5.0]])
            pairs = nn.matmul(x, nn.transpose(x, 1, 0))
            return {"right": x @ weight, "left": weight @ nn.transpose(x, 1, 0), "pairs": pairs}

    graph = nn.trace(Net(), {"x": batched((2,))})
    x = np.array([[1.0, 0.0], [1.0, -1.0], [0.0, 2.0]])
    outputs = evaluate(graph, {}, {"x": x}).outputs
    assert outputs["right"].tolist() == [[1, 2], [-2, -3], [6, 10]]
    assert outputs["left"].tolist() == [[1, -1, 4], [3, -2, 10]]
    assert outputs["pairs"].tolist() == [[1, 1, 0], [1, 2, -2], [0, -2, 4]]
