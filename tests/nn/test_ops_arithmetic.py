"""Arithmetic, rounding and constants: values by hand, and what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import ops
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, TensorSpec, batched

NAN, INF = math.nan, math.inf


def run(op: Primitive, *inputs: Any) -> Array:
    return op.reference(Call([np.asarray(x) for x in inputs], {}))[0]


@pytest.mark.parametrize(
    ("op", "inputs", "expected"),
    [
        (ops.Add(), ([1.5, -2.0], [1.0]), [2.5, -1.0]),
        (ops.Sub(), ([1.5, -2.0], 1.0), [0.5, -3.0]),
        (ops.Mul(), ([1.5, -2.0], [[2.0], [3.0]]), [[3.0, -4.0], [4.5, -6.0]]),
        (ops.Div(), ([1.0, -1.0, 0.0, 3.0], [0.0, 0.0, 0.0, 2.0]), [INF, -INF, NAN, 1.5]),
        (ops.Div(), ([7, -7, 7, -7, 6], [2, 2, -2, -2, 3]), [3, -3, -3, 3, 2]),
        (ops.Pow(), ([2.0, -2.0, -2.0, 0.0], [-1.0, 3.0, 0.5, 0.0]), [0.5, -8.0, NAN, 1.0]),
        (ops.Pow(), ([2, -3], [3, 2]), [8, 9]),
        (ops.Min(), ([1.0, NAN, 3.0], [2.0, 0.0, -INF]), [1.0, NAN, -INF]),
        (ops.Max(), ([1.0, NAN, 3.0], [2.0, 0.0, -INF]), [2.0, NAN, 3.0]),
        (ops.Neg(), ([1.0, -INF, 0.0],), [-1.0, INF, -0.0]),
        (ops.Abs(), ([-1, 0, 2],), [1, 0, 2]),
        (ops.Sign(), ([-0.1, 0.0, 7.0],), [-1.0, 0.0, 1.0]),
        (ops.Sqrt(), ([4.0, -1.0, 0.0],), [2.0, NAN, 0.0]),
        (ops.Exp(), ([0.0, 1.0, 1000.0, -INF],), [1.0, math.e, INF, 0.0]),
        (ops.Log(), ([1.0, math.e, 0.0, -1.0],), [0.0, 1.0, -INF, NAN]),
        (ops.Reciprocal(), ([4.0, -0.5, 0.0],), [0.25, -2.0, INF]),
        (ops.Erf(), ([0.0, 1.0, -INF],), [0.0, 0.8427007929497149, -1.0]),
        (ops.Sin(), ([math.pi / 2, 0.0],), [1.0, 0.0]),
        (ops.Cos(), ([math.pi, 0.0],), [-1.0, 1.0]),
        (ops.Floor(), ([-1.5, 1.5, 2.0],), [-2.0, 1.0, 2.0]),
        (ops.Ceil(), ([-1.5, 1.5, 2.0],), [-1.0, 2.0, 2.0]),
        (ops.Round(), ([-1.5, -0.5, 0.5, 1.5, 2.5, 2.6],), [-2.0, -0.0, 0.0, 2.0, 2.0, 3.0]),
        (ops.Clip(-1.0, 2.0), ([-3.0, 0.5, 7.0, NAN],), [-1.0, 0.5, 2.0, NAN]),
        (ops.Clip(min=0.0), ([-3, 4],), [0, 4]),
        (ops.Clip(max=0.0), ([-3, 4],), [-3, 0]),
        (ops.Cast("int64"), ([-1.7, 1.7, 3.0],), [-1, 1, 3]),
        (ops.Cast("bool"), ([0.0, 0.2, NAN],), [False, True, True]),
        (ops.Cast("float64"), ([True, False],), [1.0, 0.0]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_values_by_hand(op: Primitive, inputs: tuple[Any, ...], expected: list[Any]) -> None:
    result = run(op, *inputs)
    np.testing.assert_allclose(result, expected, rtol=1e-14, atol=1e-15)
    assert result.dtype == np.asarray(expected).dtype


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "int32"])
def test_the_element_type_stays(dtype: str) -> None:
    two = np.full((), 2, dtype)
    for binary in (ops.Add(), ops.Div(), ops.Pow(), ops.Max()):
        assert run(binary, two, two).dtype == dtype
    for unary in (ops.Neg(), ops.Abs(), ops.Clip(0.0, 1.0), ops.Relu()):
        assert run(unary, two).dtype == dtype


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        (ops.Add(), [batched((3,)), batched((4,))], r"\(N, 3\) with \(N, 4\)"),
        (ops.Add(), [TensorSpec((BATCH,)), TensorSpec((5,))], r"\(N,\) with \(5,\)"),
        (ops.Add(), [batched((3,)), batched((3,), "int64")], "types of Add differ: .*int64"),
        (ops.Mul(), [batched((3,), "bool")] * 2, r"Mul takes .* got \(N, 3\) bool"),
        (ops.Sub(), [batched((3,))], "Sub takes 2 inputs, and got 1"),
        (ops.Max(), [batched((3,))] * 3, "takes 2 inputs, and got 3"),
        (ops.Neg(), [batched((3,), "uint8")], "uint8; cast it"),
        (ops.Sqrt(), [batched((3,), "int32")], "int32; cast it"),
        (ops.Round(), [TensorSpec((), "bfloat64")], "bfloat64"),
        (ops.Clip(), [batched((3,))], "between None and None"),
        (ops.Clip(2.0, 1.0), [batched((3,))], "between 2.0 and 1.0"),
        (ops.Clip(NAN, 1.0), [batched((3,))], "between nan and 1.0"),
        (ops.Clip(0.5), [batched((3,), "int64")], "bounds .* int64, and got 0.5"),
        (ops.Clip(0.0, 300.0), [batched((3,), "int8")], "bounds .* int8, and got 0.0 and 300"),
        (ops.Cast("float"), [batched((3,))], r"cannot cast \(N, 3\) float32 to 'float'"),
        (ops.Constant(((1.0, 2.0), (3.0,))), [], "different shapes"),
        (ops.Constant((1.0, (3.0,))), [], "different shapes"),
        (ops.Constant(300, "int8"), [], "300 is no int8"),
        (ops.Constant(1.0, "float23"), [], "'float23' is no element type"),
        (ops.Constant(1.0), [batched((3,))], "takes 0 inputs, and got 1"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(
    op: Primitive, inputs: list[TensorSpec], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(*inputs)


@pytest.mark.parametrize(
    ("op", "shape"),
    [
        (ops.Constant(2.0), ()),
        (ops.Constant(((1, 2, 3), (4, 5, 6)), "int64"), (2, 3)),
        (ops.Constant(((True,), (False,)), "bool"), (2, 1)),
        (ops.Constant(((), ())), (2, 0)),
        (ops.Constant((INF, NAN, -INF)), (3,)),
    ],
    ids=str,
)
def test_constants_are_arrays(op: ops.Constant, shape: tuple[int, ...]) -> None:
    assert op.infer() == (TensorSpec(shape, op.dtype),)
    (array,) = op.reference(Call([], {}))
    assert array.shape == shape
    assert array.dtype == op.dtype


def traced(build: Callable[[nn.Tensor], nn.Tensor], dtype: str = "float32") -> nn.Graph:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return build(x)

    return nn.trace(Net(), {"x": batched((3,), dtype)})


def result_of(build: Callable[[nn.Tensor], nn.Tensor], x: Any, dtype: str = "float32") -> Array:
    return evaluate(traced(build, dtype), {}, {"x": np.asarray(x, dtype)}).outputs["output"]


def test_constants_have_one_form_each() -> None:
    forms: list[Callable[[nn.Tensor], nn.Tensor]] = [
        lambda x: x + 1,
        lambda x: x + 1.0,
        lambda x: x + np.float32(1),
        lambda x: np.int64(1) + x,
        lambda x: x + nn.constant(1),
    ]
    graphs = [traced(form) for form in forms[:3]] + [traced(forms[4])]
    assert len({graph.hash for graph in graphs}) == 1
    for form in forms:
        np.testing.assert_array_equal(result_of(form, [[1, 2, 3]]), [[2, 3, 4]])
    constant = graphs[0].nodes[0].op
    assert isinstance(constant, ops.Constant)
    assert type(constant.value) is float
    big = traced(lambda x: x + (2**53 + 1), "int64")
    again = nn.graph_from_dict(nn.graph_to_dict(big))
    assert again.nodes[0].op == ops.Constant(2**53 + 1, "int64")


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([[1, 2], [3, math.inf]], "float32"),
        (np.array([1.5, 2]), "float64"),
        ((True, False), "bool"),
        (np.int8(3), "int64"),
    ],
)
def test_constants_go_through_json(value: Any, dtype: str) -> None:
    graph = traced(lambda x: nn.constant(value, dtype))
    again = nn.graph_from_dict(nn.graph_to_dict(graph))
    assert again.hash == graph.hash
    (output,) = evaluate(again, {}, {"x": np.ones((2, 3))}).outputs.values()
    np.testing.assert_array_equal(output, np.asarray(value))


def test_operators_of_tensors() -> None:
    x = [[-1.0, 0.5, 2.0]]
    forms: list[Callable[[Any], Any]] = [
        lambda x: 2 - x * 3 + x / 4 - 1 / (x + 5),
        lambda x: (x * x + 1) ** 0.5 - 2**x + (x * x) ** -x,
        lambda x: -x + np.arange(3.0) * x - x * np.ones((1, 3)),
        lambda x: np.float64(2) * x + np.ones(3) / (x + 7),
    ]
    for form in forms:
        np.testing.assert_allclose(result_of(form, x), form(np.asarray(x)), rtol=1e-5)
    np.testing.assert_array_equal(
        result_of(lambda x: -x * 2 + 3, [[1, 2, 3]], "int64"), [[1, -1, -3]]
    )


def test_functions_on_tensors_and_numbers() -> None:
    x = [[-1.5, 0.5, 2.5]]
    for build, expected in (
        (lambda x: nn.maximum(x, 0.0), [[0, 0.5, 2.5]]),
        (lambda x: nn.minimum(1.0, x), [[-1.5, 0.5, 1]]),
        (lambda x: x + nn.maximum(2, 3), [[1.5, 3.5, 5.5]]),
        (lambda x: nn.power(2, nn.floor(x)), [[0.25, 1, 4]]),
        (lambda x: nn.sqrt(nn.absolute(x * 2 + 0.0)) ** 2, [[3, 1, 5]]),
        (lambda x: nn.log(nn.exp(x)), x),
        (lambda x: nn.sign(nn.clip(x, low=0.0)), [[0, 1, 1]]),
        (lambda x: nn.round(x) + nn.ceil(x), [[-3, 1, 5]]),
        (lambda x: nn.reciprocal(x - 0.5 + 1), [[-1, 1, 1 / 3]]),
        (lambda x: nn.sin(x) ** 2 + nn.cos(x) ** 2, [[1, 1, 1]]),
        (lambda x: nn.erf(x * 0.0), [[0, 0, 0]]),
        (lambda x: nn.cast(nn.cast(x, "int32"), "float32"), [[-1, 0, 2]]),
    ):
        np.testing.assert_allclose(result_of(build, x), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("build", "dtype", "message"),
    [
        (lambda x: x + 0.5, "int64", "expected int, got 0.5"),
        (lambda x: x / 2, "int64", r"int64.* divided by 2: cast integers to floats"),
        (lambda x: 2 / x, "int64", "cast integers to floats"),
        (lambda x: x + "1", "float32", "expected .*, got '1'"),
        (lambda x: x + None, "float32", "expected .*, got None"),
        (lambda x: x * True, "float32", "expected float, got True"),
        (lambda x: x + nn.constant(1, "int64"), "float32", "types of Add differ"),
    ],
)
def test_numbers_that_do_not_fit_are_typed_errors(
    build: Callable[[nn.Tensor], nn.Tensor], dtype: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        traced(build, dtype)
