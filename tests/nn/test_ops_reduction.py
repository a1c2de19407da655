"""Reductions, running sums and ranking: values by hand, and what they refuse."""

from __future__ import annotations

import math
import statistics
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.ops.reduction import Reduction
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, TensorSpec, batched

X = [[1.0, 2.0, 6.0], [3.0, -1.0, 4.0]]


def run(op: Primitive, x: Any) -> tuple[Array, ...]:
    return op.reference(Call([np.asarray(x)], {}))


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        (ops.ReduceSum, [9.0, 6.0]),
        (ops.ReduceProd, [12.0, -12.0]),
        (ops.ReduceMean, [3.0, 2.0]),
        (ops.ReduceMax, [6.0, 4.0]),
        (ops.ReduceMin, [1.0, -1.0]),
        (ops.ReduceStd, [statistics.stdev(row) for row in X]),
        (ops.ReduceL2, [math.sqrt(41), math.sqrt(26)]),
        (ops.ReduceLogSumExp, [math.log(sum(map(math.exp, row))) for row in X]),
    ],
)
def test_reductions_by_hand(cls: type[Reduction], expected: list[float]) -> None:
    (kept,) = run(cls((-1,)), X)
    np.testing.assert_allclose(kept, np.array(expected)[:, None], rtol=1e-14)
    (dropped,) = run(cls((1,), False), X)
    np.testing.assert_allclose(dropped, expected, rtol=1e-14)
    (whole,) = run(cls(None, False), X[:1])
    np.testing.assert_allclose(whole, expected[0], rtol=1e-14)
    assert cls((0, 2)).infer(batched((4, 5))) == (TensorSpec((1, 4, 1)),)
    assert cls((0, -1), False).infer(batched((4, 5))) == (TensorSpec((4,)),)
    assert cls().infer(batched((4, 5))) == (TensorSpec((1, 1, 1)),)
    assert cls(None, False).infer(batched((4, 5), "float64")) == (TensorSpec((), "float64"),)
    assert cls((1,)).infer(batched((4, 5))) == (batched((1, 5)),)


def test_standard_deviation_has_a_correction() -> None:
    (population,) = run(ops.ReduceStd((1,), False, 0), X)
    np.testing.assert_allclose(population, [statistics.pstdev(row) for row in X], rtol=1e-14)


def test_log_sum_exp_does_not_overflow() -> None:
    x = [[1000.0, 1000.0], [-np.inf, -np.inf], [np.inf, 0.0]]
    (result,) = run(ops.ReduceLogSumExp((1,), False), x)
    np.testing.assert_allclose(result, [1000 + math.log(2), -np.inf, np.inf])


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint8", "float16"])
def test_sums_keep_the_element_type(dtype: str) -> None:
    x = np.full((2, 3), 4, dtype)
    for op in (ops.ReduceSum(), ops.ReduceProd((0,)), ops.ReduceMax(), ops.CumSum(1)):
        (result,) = run(op, x)
        assert result.dtype == dtype
    assert run(ops.ReduceSum(None, False), x)[0] == 24


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (ops.CumSum(1), [[1, 3, 9], [3, 2, 6]]),
        (ops.CumSum(-1, exclusive=True), [[0, 1, 3], [0, 3, 2]]),
        (ops.CumSum(1, reverse=True), [[9, 8, 6], [6, 3, 4]]),
        (ops.CumSum(1, exclusive=True, reverse=True), [[8, 6, 0], [3, 4, 0]]),
        (ops.CumSum(0), [[1, 2, 6], [4, 1, 10]]),
        (ops.ArgMax(1), [2, 2]),
        (ops.ArgMin(-1, keepdims=True), [[0], [1]]),
        (ops.ArgMax(0), [1, 0, 0]),
    ],
    ids=str,
)
def test_sums_and_places_by_hand(op: Primitive, expected: list[Any]) -> None:
    np.testing.assert_array_equal(run(op, X)[0], expected)


def test_of_equal_elements_the_first_counts() -> None:
    x = np.array([2, 5, 5, 1, 1])
    assert run(ops.ArgMax(0), x)[0] == 1
    assert run(ops.ArgMin(0), x)[0] == 3
    for largest, expected in ((True, [1, 2, 0, 3, 4]), (False, [3, 4, 0, 1, 2])):
        values, places = run(ops.TopK(5, 0, largest), x)
        assert places.tolist() == expected
        assert values.tolist() == x[expected].tolist()
        assert places.dtype == np.int64


def test_top_k_by_hand() -> None:
    values, places = run(ops.TopK(2), X)
    assert (values.tolist(), places.tolist()) == ([[6, 2], [4, 3]], [[2, 1], [2, 0]])
    values, places = run(ops.TopK(1, 0, largest=False), X)
    assert (values.tolist(), places.tolist()) == ([[1, -1, 4]], [[0, 1, 1]])
    limits = np.array([-128, 127, 0], "int8")
    assert run(ops.TopK(3, 0), limits)[1].tolist() == [1, 2, 0]
    assert ops.TopK(2, 1).infer(batched((4, 5))) == (batched((2, 5)), batched((2, 5), "int64"))


@pytest.mark.parametrize(
    ("op", "spec", "message"),
    [
        (ops.ReduceSum((2,)), batched((3,)), r"axis 2 .*\(N, 3\)"),
        (ops.ReduceSum((1, -1)), batched((3,)), r"axes \(1, -1\) of \(N, 3\): name each once"),
        (ops.ReduceSum(()), batched((3,)), "or None for all"),
        (ops.ReduceMean(), batched((3,), "int64"), "ReduceMean takes .*int64; cast"),
        (ops.ReduceMax(), batched((3,), "bool"), "ReduceMax takes .*bool"),
        (ops.ReduceMax((1,)), batched((0, 2)), "ReduceMax of no elements"),
        (ops.ReduceStd((1,)), batched((1, 2)), "with correction 1"),
        (ops.ReduceStd((1,), True, -1), batched((4, 2)), "with correction -1"),
        (ops.CumSum(3), batched((3,)), "axis 3"),
        (ops.CumSum(0), TensorSpec(()), r"axis 0 .*\(\)"),
        (ops.ArgMax(1), batched((0,)), "ArgMax of no elements"),
        (ops.ArgMin(-3), batched((3,)), "axis -3"),
        (ops.TopK(4), batched((3,)), r"the 4 first of axis 1 of \(N, 3\)"),
        (ops.TopK(0), batched((3,)), "the 0 first"),
        (ops.TopK(1, 0), batched((3,)), r"the 1 first of axis 0 of \(N, 3\)"),
        (ops.TopK(1), TensorSpec((BATCH, 3), "bool"), "TopK takes"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(op: Primitive, spec: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(spec)


class Net(nn.Network):
    """Every function on (N, 4, 5)."""

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        values, places = nn.top_k(x, 2, 1)
        return {
            "sum": nn.reduce_sum(x),
            "prod": nn.reduce_prod(x, 1),
            "mean": nn.reduce_mean(x, (1, 2), keepdims=True),
            "max": nn.reduce_max(x, [-1]),
            "min": nn.reduce_min(x, 0),
            "std": nn.reduce_std(x, 2, correction=0),
            "l2": nn.reduce_l2(x, 1),
            "log_sum_exp": nn.log_sum_exp(x, 1),
            "sums": nn.cumulative_sum(x, 1, reverse=True),
            "argmax": nn.argmax(x, 2),
            "argmin": nn.argmin(x, 1, keepdims=True),
            "values": values,
            "places": places,
        }


def test_functions_are_numpys() -> None:
    graph = nn.trace(Net(), {"x": batched((4, 5))})
    x = np.random.default_rng(0).standard_normal((3, 4, 5))
    order = np.argsort(-x, 1)[:, :2]
    expected = {
        "sum": x.sum(),
        "prod": x.prod(1),
        "mean": x.mean((1, 2), keepdims=True),
        "max": x.max(-1),
        "min": x.min(0),
        "std": x.std(2),
        "l2": np.linalg.norm(x, axis=1),
        "log_sum_exp": np.log(np.exp(x).sum(1)),
        "sums": np.flip(np.flip(x, 1).cumsum(1), 1),
        "argmax": x.argmax(2),
        "argmin": x.argmin(1)[:, None],
        "values": np.take_along_axis(x, order, 1),
        "places": order,
    }
    outputs = evaluate(graph, {}, {"x": x}).outputs
    assert set(outputs) == set(expected)
    for name, array in expected.items():
        np.testing.assert_allclose(outputs[name], array, rtol=1e-12)
        spec = graph.specs[graph.outputs[name]]
        assert tuple(3 if size < 0 else size for size in spec.shape) == outputs[name].shape
