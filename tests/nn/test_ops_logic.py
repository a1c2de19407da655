"""Comparisons, logic and Where: values by hand, and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import TensorSpec, batched

NAN = math.nan


def run(op: Primitive, *inputs: Any) -> Array:
    return op.reference(Call([np.asarray(x) for x in inputs], {}))[0]


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (ops.Equal(), [0, 1, 0, 0]),
        (ops.Greater(), [0, 0, 1, 0]),
        (ops.GreaterOrEqual(), [0, 1, 1, 0]),
        (ops.Less(), [1, 0, 0, 0]),
        (ops.LessOrEqual(), [1, 1, 0, 0]),
    ],
    ids=str,
)
def test_comparisons_by_hand(op: Primitive, expected: list[int]) -> None:
    result = run(op, [1.0, 2.0, 3.0, NAN], 2.0)
    assert result.tolist() == list(map(bool, expected))
    assert op.infer(batched((3,)), TensorSpec(())) == (batched((3,), "bool"),)
    assert op.infer(TensorSpec((), "int8"), batched((3,), "int8")) == (batched((3,), "bool"),)


@pytest.mark.parametrize(
    ("op", "expected"),
    [(ops.And(), [0, 0, 0, 1]), (ops.Or(), [0, 1, 1, 1]), (ops.Xor(), [0, 1, 1, 0])],
    ids=str,
)
def test_logic_is_the_truth_table(op: Primitive, expected: list[int]) -> None:
    result = run(op, [[False], [True]], [False, True])
    assert result.reshape(-1).tolist() == list(map(bool, expected))


def test_not_and_where_by_hand() -> None:
    assert run(ops.Not(), [True, False]).tolist() == [False, True]
    chosen = run(ops.Where(), [[True], [False]], [1.0, 2.0], [[5.0, NAN]])
    np.testing.assert_array_equal(chosen, [[1, 2], [5, NAN]])
    condition = batched((1, 4), "bool")
    assert ops.Where().infer(condition, TensorSpec((5, 1)), TensorSpec(())) == (batched((5, 4)),)


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        (ops.Equal(), [batched((3,)), batched((3,), "int64")], "types of Equal differ"),
        (ops.Less(), [batched((3,), "bool")] * 2, "Less takes .*bool"),
        (ops.Greater(), [batched((3,)), batched((2,))], r"\(N, 3\) with \(N, 2\)"),
        (ops.And(), [batched((3,)), batched((3,))], "And takes bool, and got"),
        (ops.Not(), [batched((3,), "int8")], "Not takes bool, and got"),
        (ops.Where(), [batched((3,)), batched((3,)), batched((3,))], "Where takes bool, and got"),
        (ops.Where(), [batched((3,), "bool"), batched((3,))], "takes 3 inputs, and got 2"),
        (
            ops.Where(),
            [batched((3,), "bool"), batched((3,)), batched((3,), "int8")],
            "types of Where differ",
        ),
        (
            ops.Where(),
            [batched((3,), "bool"), batched((2,)), batched((2,))],
            r"\(N, 3\) with \(N, 2\)",
        ),
    ],
)
def test_what_does_not_fit_is_a_typed_error(
    op: Primitive, inputs: list[TensorSpec], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(*inputs)


class Net(nn.Network):
    """Every way to write a condition."""

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        small = nn.logical_and(x > -1, x <= 1)
        return {
            "small": small,
            "large": nn.logical_or(x < -1.0, x > 1.0),
            "never": nn.logical_xor(small, nn.logical_not(nn.logical_not(small))),
            "two": nn.equal(x, 2),
            "not two": nn.not_equal(2.0, x),
            "clipped": nn.where(small, x, 0.0),
            "sign": nn.where(x <= 0, -1.0, 1.0),
        }


def test_functions_and_operators_of_tensors() -> None:
    graph = nn.trace(Net(), {"x": batched((3,))})
    x = np.array([[-2.0, 0.5, 2.0], [1.0, -1.0, 0.0]])
    outputs = evaluate(graph, {}, {"x": x}).outputs
    small = (x > -1) & (x <= 1)
    expected = {
        "small": small,
        "large": (x < -1) | (x > 1),
        "never": np.zeros_like(small),
        "two": x == 2,
        "not two": x != 2,
        "clipped": np.where(small, x, 0),
        "sign": np.where(x <= 0, -1, 1),
    }
    for name, array in expected.items():
        np.testing.assert_array_equal(outputs[name], array)


def test_tensors_are_compared_as_objects_and_have_no_truth() -> None:
    class Wrong(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            assert x == x
            assert x in [x]
            return x if x > 0 else -x

    with pytest.raises(TypeError, match="nothing can branch"):
        nn.trace(Wrong(), {"x": batched((3,))})
