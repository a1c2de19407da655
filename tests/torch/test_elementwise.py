"""Operators on elements, reductions and ranking where frameworks differ: ends, kinks, ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from vega_backend_torch.generate import generate
from vega_core import nn
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.reference import evaluate
from vega_core.testing.operators import OperatorCase

FUNCTIONS: tuple[Primitive, ...] = (
    *(ops.Identity(), ops.Sigmoid(), ops.HardSigmoid(), ops.HardSigmoid(0.2), ops.HardSwish()),
    *(ops.Swish(), ops.Gelu(), ops.Gelu("tanh"), ops.Tanh(), ops.Softplus(), ops.Softsign()),
    *(ops.Mish(), ops.Relu(), ops.LeakyRelu(), ops.Elu(), ops.Selu(), ops.Celu(0.3), ops.Neg()),
    *(ops.Abs(), ops.Sqrt(), ops.Exp(), ops.Log(), ops.Reciprocal(), ops.Erf(), ops.Sin()),
    *(ops.Cos(), ops.Floor(), ops.Ceil(), ops.Round(), ops.Clip(-1.0, 1.5), ops.Cast("bool")),
)
ENDS = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-300, 1e308, -1e308, 0.5, 1.5, 2.5, -0.5, 39.9, 40.1)


def computed(op: Primitive, *arrays: Any, dtype: str = "float32") -> list[torch.Tensor]:
    """Runs an operator on arrays; those of floats have a gradient."""
    specs = tuple(nn.TensorSpec(np.shape(a), dtype) for a in arrays)
    case = OperatorCase("one", op, tuple(s.shape for s in specs), tuple(s.dtype for s in specs))
    given = [torch.tensor(a) if isinstance(a, np.ndarray) else a for a in arrays]
    return list(generate(case.graph()).run([], given, [], 0))


def slopes(op: Primitive, *values: float) -> list[float]:
    """Returns the gradient of a function of one element at some places."""
    x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(computed(op, x)[0].sum(), x)
    slopes: list[float] = gradient.tolist()
    return slopes


@pytest.mark.parametrize("op", FUNCTIONS, ids=str)
def test_the_ends_are_the_references(op: Primitive) -> None:
    x = np.array(ENDS)
    graph = OperatorCase("ends", op, (x.shape,)).graph()
    (output,) = generate(graph).run([], [torch.tensor(x)], [], 0)
    expected = evaluate(graph, {}, {"a": x}).outputs["output"]
    np.testing.assert_allclose(output.numpy(), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("op", "places", "expected"),
    [
        (ops.Relu(), (0.0,), [0.0]),
        (ops.LeakyRelu(0.2), (0.0,), [0.2]),
        (ops.Elu(0.3), (0.0,), [0.3]),
        (ops.Selu(2.0, 3.0), (0.0,), [6.0]),
        (ops.Celu(0.3), (0.0,), [1.0]),
        (ops.HardSigmoid(), (-3.0, 3.0), [0.0, 0.0]),
        (ops.HardSigmoid(0.25, 0.5), (-2.0, 2.0), [0.0, 0.0]),
        (ops.HardSwish(), (-3.0, 3.0), [0.0, 1.0]),
        (ops.Abs(), (0.0,), [0.0]),
        (ops.Clip(-1.0, 2.0), (-1.0, 2.0, 2.5), [1.0, 1.0, 0.0]),
        (ops.Round(), (0.5, 1.2), [0.0, 0.0]),
        (ops.Sign(), (0.0, 1.0), [0.0, 0.0]),
        (ops.ReduceMax(), (1.0, 3.0, 3.0), [0.0, 0.5, 0.5]),
        (ops.ReduceMin(), (1.0, 1.0, 3.0), [0.5, 0.5, 0.0]),
        (ops.ReduceStd(), (2.0, 2.0, 2.0), [0.0, 0.0, 0.0]),
        (ops.ReduceL2(), (0.0, 0.0), [0.0, 0.0]),
        (ops.ReduceProd(), (0.0, 2.0, 3.0), [6.0, 0.0, 0.0]),
    ],
    ids=str,
)
def test_gradients_at_kinks_are_as_documented(
    op: Primitive, places: tuple[float, ...], expected: list[float]
) -> None:
    assert slopes(op, *places) == pytest.approx(expected)


@pytest.mark.parametrize("op", [ops.Max(), ops.Min()], ids=str)
def test_equal_elements_share_the_gradient(op: Primitive) -> None:
    a, b = (torch.tensor([2.0], requires_grad=True) for _ in range(2))
    gradients = torch.autograd.grad(computed(op, a, b)[0].sum(), (a, b))
    assert [gradient.tolist() for gradient in gradients] == [[0.5], [0.5]]


def test_what_where_does_not_take_has_no_gradient() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.where(x > 0, nn.sqrt(nn.maximum(x, 1e-9)), 0.0)

    x = torch.tensor([[4.0, -1.0]], requires_grad=True)
    (output,) = generate(nn.trace(Net(), {"x": nn.batched((2,))})).run([], [x], [], 0)
    (gradient,) = torch.autograd.grad(output.sum(), x)
    assert gradient.tolist() == [[0.25, 0.0]]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_integers_are_cut_towards_zero_and_keep_their_type(dtype: str) -> None:
    a = np.array([7, 9, 100, 100]).astype(dtype)
    b = np.array([2, 4, 7, 9]).astype(dtype)
    if not dtype.startswith("u"):
        a[:2], b[::2] = -a[:2], -b[::2]
    total = np.array([[100, 100]], dtype)
    for op, arrays in (
        (ops.Div(), (a, b)),
        (ops.ReduceSum((1,)), (total,)),
        (ops.ReduceProd((1,)), (total,)),
        (ops.CumSum(1), (total,)),
        (ops.CumSum(1, True, True), (total,)),
        (ops.Clip(3.0, 90.0), (a,)),
    ):
        case = OperatorCase("one", op, tuple(x.shape for x in arrays), (dtype,) * len(arrays))
        names = dict(zip(case.specs, arrays, strict=True))
        expected = evaluate(case.graph(), {}, names).outputs["output"]
        (output,) = computed(op, *arrays, dtype=dtype)
        np.testing.assert_array_equal(output.numpy(), expected)
        assert output.numpy().dtype == dtype


def test_top_k_of_equal_elements_gives_the_first_and_passes_gradients() -> None:
    x = torch.zeros(1, 300, dtype=torch.float64, requires_grad=True)
    for largest in (True, False):
        values, places = computed(ops.TopK(5, 1, largest), x)
        assert places.tolist() == [list(range(5))]
        assert places.dtype == torch.int64
    (gradient,) = torch.autograd.grad((values * torch.arange(1.0, 6.0)).sum(), x)
    assert gradient[0, :7].tolist() == [1, 2, 3, 4, 5, 0, 0]


def test_numbers_controls_and_constant_arrays() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            rate = nn.control("rate", 2.0)
            return {
                "powers": x**rate + (-2.0) ** (x * 0.0 + 2.0) - x**-1,
                "bounds": nn.maximum(x, rate) - nn.minimum(1.5, x),
                "where": nn.where(x > rate, x, -1.0) + nn.where(rate < x, 0.5, rate),
                "rate": nn.logical_and(rate >= 2, nn.logical_not(nn.equal(rate, 1))),
                "array": nn.cast(nn.cast(x * np.array([0.5, 2.0, 4.0]), "int32"), "float32"),
                "last": x / np.array([1.0, 2.0, 4.0]) - nn.constant([[1], [2]]) * rate,
            }

    graph = nn.trace(Net(), {"x": nn.batched((1, 3))})
    x = np.linspace(0.5, 4, 6).reshape(2, 1, 3)
    program = generate(graph)
    for rate in (2.0, 3.0):
        outputs = program.run([], [torch.tensor(x)], [rate], 0)
        expected = evaluate(graph, {}, {"x": x}, controls={"rate": rate}).outputs
        for name, output in zip(program.outputs, outputs, strict=True):
            np.testing.assert_allclose(output.numpy(), expected[name], rtol=1e-12, err_msg=name)
            assert output.numpy().dtype == expected[name].dtype
