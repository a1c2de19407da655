"""What reads and writes by number: values by plain loops, and what it refuses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn import initializers, ops
from vega_core.nn.ops.indexing import Combination
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, TensorSpec, batched


def run(op: Primitive, *inputs: Array, **params: Array) -> Array:
    return op.reference(Call(inputs, params))[0]


X = np.arange(24.0).reshape(2, 3, 4)


def test_gather_by_hand() -> None:
    numbers = np.array([[2, 0], [-1, 1]])
    result = run(ops.Gather(1), X, numbers)
    assert result.shape == (2, 2, 2, 4)
    for i, j, k, m in itertools.product(*map(range, result.shape)):
        assert result[i, j, k, m] == X[i, numbers[j, k], m]
    assert run(ops.Gather(-1), X, np.array(-1)).tolist() == X[:, :, -1].tolist()


def test_gather_elements_by_hand() -> None:
    numbers = np.array([[[2, 0, 1, -1]], [[-3, 1, 0, 2]]])
    result = run(ops.GatherElements(1), X, numbers)
    for i, j, k in itertools.product(*map(range, result.shape)):
        assert result[i, j, k] == X[i, numbers[i, j, k], k]


@pytest.mark.parametrize(
    ("reduction", "join"),
    [
        ("none", lambda _, new: new),
        ("add", lambda old, new: old + new),
        ("mul", lambda old, new: old * new),
        ("max", max),
        ("min", min),
    ],
)
def test_scatter_elements_by_plain_loops(
    reduction: Combination, join: Callable[[float, float], float]
) -> None:
    numbers = np.array([[1, 1, -1], [0, 2, 2]])
    if reduction == "none":
        numbers = np.array([[1, 0, -1], [0, 2, 1]])
    data, updates = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[3.0, 1, 2], [9, 5, 7]])
    expected = data.copy()
    for row, column in itertools.product(range(2), range(3)):
        place = row, numbers[row, column]
        expected[place] = join(expected[place], updates[row, column])
    result = run(ops.ScatterElements(1, reduction), data, numbers, updates)
    assert result.tolist() == expected.tolist()


def test_one_hot_by_hand() -> None:
    numbers = np.array([0, 2, -1, 3, -4])
    result = run(ops.OneHot(3), numbers)
    assert result.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert result.dtype == np.float32
    np.testing.assert_array_equal(run(ops.OneHot(3, 0, "bool"), numbers), result.T == 1)
    assert ops.OneHot(3, 1).infer(batched((4,), "uint8")) == (batched((3, 4)),)
    unsigned = run(ops.OneHot(3), np.array([0, 200], "uint8"))
    assert unsigned.tolist() == [[1, 0, 0], [0, 0, 0]]


@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(-5, 5))
def test_ranges_of_integers_are_pythons(start: int, limit: int, delta: int) -> None:
    op = ops.Range(start, limit, delta)
    expected = list(range(start, limit, delta)) if delta else []
    if not expected:
        with pytest.raises(ShapeError, match=f"no int64 numbers from {start} to before {limit}"):
            op.infer()
        return
    assert op.infer() == (TensorSpec((len(expected),), "int64"),)
    assert run(op).tolist() == expected


@pytest.mark.parametrize(
    "op",
    [
        ops.Range(0, 1, math.nan, "float32"),
        ops.Range(0, math.inf, 1, "float32"),
        ops.Range(0, 10**400, 1),
        ops.Range(-1e308, 1e308, 1, "float32"),
        ops.Range(0, 257, 1, "uint8"),
        ops.Range(-1, 3, 1, "uint8"),
        ops.Range(0.5, 3, 1),
        ops.Range(0, 3, 0.5),
    ],
)
def test_ranges_of_nothing_or_of_what_does_not_fit(op: ops.Range) -> None:
    with pytest.raises(ShapeError, match=f"no {op.dtype} numbers"):
        op.infer()


def test_ranges_of_floats() -> None:
    op = ops.Range(0.5, 2.0, 0.5, "float32")
    assert op.infer() == (TensorSpec((3,)),)
    assert run(op).tolist() == [0.5, 1.0, 1.5]
    assert ops.Range(0, 256, 1, "uint8").infer() == (TensorSpec((256,), "uint8"),)


@pytest.mark.parametrize(
    ("op", "specs", "message"),
    [
        (ops.Embedding(5, 4), [batched((3,))], "takes int16"),
        (ops.Embedding(0, 4), [batched((3,), "int64")], "0 vectors"),
        (ops.Embedding(5, -1), [batched((3,), "int64")], "length -1"),
        (ops.Gather(2), [batched((3,)), batched((), "int64")], "axis 2"),
        (ops.Gather(0), [TensorSpec(()), batched((), "int64")], "axis 0"),
        (ops.Gather(), [batched((3,)), batched(())], "cast it"),
        (ops.Gather(), [batched((3,))], "takes 2 inputs"),
        (ops.GatherElements(1), [batched((3, 2)), batched((3, 4), "int64")], "along axis 1"),
        (ops.GatherElements(1), [batched((3, 2)), batched((3,), "int64")], r"got \(N, 3\)"),
        (ops.GatherElements(1), [batched((3, 2)), batched((3, 2))], "cast it"),
        (ops.GatherElements(3), [batched((3, 2)), batched((3, 2), "int64")], "axis 3"),
        (
            ops.ScatterElements(1),
            [batched((3,)), batched((2,), "int64"), batched((3,))],
            "not as many",
        ),
        (
            ops.ScatterElements(1),
            [batched((3,)), batched((2,), "int64"), batched((2,), "float64")],
            "differ",
        ),
        (
            ops.ScatterElements(1, "add"),
            [batched((3,), "bool"), batched((2,), "int64"), batched((2,), "bool")],
            "cast it",
        ),
        (
            ops.ScatterElements(1, "sub"),  # type: ignore[arg-type]
            [batched((3,)), batched((2,), "int64"), batched((2,))],
            "no way to join updates: 'sub'",
        ),
        (ops.OneHot(0), [batched((), "int64")], "0 places"),
        (ops.OneHot(3, 2), [batched((), "int64")], "axis 2"),
        (ops.OneHot(3), [batched(())], "cast it"),
        (ops.OneHot(3, dtype="text"), [batched((), "int64")], "got .* text"),
        (ops.Range(0, 3, 1, "bool"), [], "cast it"),
        (ops.Range(0, 3), [batched(())], "takes 0 inputs"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(
    op: Primitive, specs: list[TensorSpec], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(*specs)


class Lookup(nn.Network):
    """Every function of the family."""

    def forward(self, x: nn.Tensor, i: nn.Tensor) -> dict[str, nn.Tensor]:
        table = nn.Embedding(6, 2, initializers.Normal(0.1), name="table")
        numbers = nn.arange(4)
        return {
            "rows": table(i),
            "again": table(i),
            "picked": nn.gather(x, nn.arange(3, -1, -2), 1),
            "elements": nn.gather_elements(x, i, 1),
            "written": nn.scatter_elements(x, i, nn.gather_elements(x, i, 1) + 1.0, 1, "max"),
            "hot": nn.one_hot(i, 4),
            "halves": x * nn.arange(0, 2, 0.5, "float32"),
            "numbers": numbers,
        }


def test_functions_and_the_module() -> None:
    graph = nn.trace(Lookup(), {"x": batched((4,)), "i": batched((2,), "int64")})
    spec = graph.parameters["table.weight"]
    assert list(graph.parameters) == ["table.weight"]
    assert (spec.shape, spec.kind, spec.init) == ((6, 2), "embedding", initializers.Normal(0.1))
    assert graph.specs[graph.outputs["hot"]] == TensorSpec((BATCH, 2, 4))
    x, i = np.arange(12.0).reshape(3, 4), np.array([[0, 3], [2, 2], [1, 0]])
    table = np.arange(12.0).reshape(6, 2)
    outputs = evaluate(graph, {"table.weight": table}, {"x": x, "i": i}).outputs
    np.testing.assert_array_equal(outputs["rows"], table[i])
    np.testing.assert_array_equal(outputs["picked"], x[:, [3, 1]])
    assert outputs["elements"].tolist() == [[0, 3], [6, 6], [9, 8]]
    assert outputs["written"][0].tolist() == [1, 1, 2, 4]
    np.testing.assert_array_equal(outputs["halves"], x * [0, 0.5, 1, 1.5])
    assert outputs["numbers"].tolist() == [0, 1, 2, 3]


def test_equal_ranges_are_written_equally() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            return {"a": nn.arange(4.0), "b": nn.arange(0.5, 3.0, 1.0, "float32")}

    graph = nn.trace(Net(), {"x": batched((4,))})
    assert [node.op for node in graph.nodes] == [
        ops.Range(0, 4),
        ops.Range(0.5, 3, 1, "float32"),
    ]
    assert nn.graph_from_dict(nn.graph_to_dict(graph)).hash == graph.hash
