"""Pooling: values by plain loops, how kinds fall together, and what they refuse."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, TensorSpec, batched

X = np.random.default_rng(0).standard_normal((2, 3, 6, 8))


def run(op: Primitive, x: Array) -> Array:
    return op.reference(Call([x], {}))[0]


def test_pooling_by_hand() -> None:
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    two = ((2, 2), (2, 2), (0, 0, 0, 0))
    np.testing.assert_array_equal(run(ops.MaxPool(*two, (1, 1)), x)[0, 0], [[5, 7], [13, 15]])
    np.testing.assert_array_equal(run(ops.AveragePool(*two), x)[0, 0], [[2.5, 4.5], [10.5, 12.5]])
    around = ((3, 3), (2, 2), (1, 1, 1, 1))
    assert run(ops.MaxPool(*around, (1, 1)), -x - 1)[0, 0, 0, 0] == -1
    assert run(ops.AveragePool(*around), x)[0, 0, 0, 0] == (0 + 1 + 4 + 5) / 4
    assert run(ops.AveragePool(*around, count_include_pad=True), x)[0, 0, 0, 0] == 10 / 9
    np.testing.assert_array_equal(run(ops.GlobalAveragePool(), x), [[[[7.5]]]])
    overhanging = ops.AveragePool((3, 3), (3, 3), (0, 0, 0, 0), ceil_mode=True)
    np.testing.assert_array_equal(run(overhanging, x)[0, 0], [[5, 7], [13, 15]])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9))
def test_adaptive_windows_by_plain_loops(height: int, width: int) -> None:
    op, pool = ops.AdaptiveAveragePool((height, width)), ops.AdaptiveMaxPool((height, width))
    assert op.infer(batched((3, 6, 8))) == (batched((3, height, width)),)
    means, largest = run(op, X), run(pool, X)
    for row, column in itertools.product(range(height), range(width)):
        top, bottom = math.floor(row * 6 / height), math.ceil((row + 1) * 6 / height)
        left, right = math.floor(column * 8 / width), math.ceil((column + 1) * 8 / width)
        window = X[:, :, top:bottom, left:right]
        np.testing.assert_allclose(means[:, :, row, column], window.mean((2, 3)), rtol=1e-12)
        np.testing.assert_array_equal(largest[:, :, row, column], window.max((2, 3)))


def test_kinds_fall_together() -> None:
    even = (2, 4), (2, 4), (0,) * 4
    np.testing.assert_allclose(
        run(ops.AdaptiveAveragePool((3, 2)), X), run(ops.AveragePool(*even), X)
    )
    np.testing.assert_array_equal(
        run(ops.AdaptiveMaxPool((3, 2)), X), run(ops.MaxPool(*even, (1, 1)), X)
    )
    np.testing.assert_allclose(
        run(ops.AdaptiveAveragePool((1, 1)), X), run(ops.GlobalAveragePool(), X)
    )
    np.testing.assert_array_equal(
        run(ops.GlobalMaxPool(), X), X.reshape(2, 3, -1).max(2)[..., None, None]
    )
    np.testing.assert_array_equal(run(ops.AdaptiveMaxPool((6, 8)), X), X)


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("reduce", [np.max, np.mean])
def test_windows_by_plain_loops(ceil_mode: bool, reduce: Callable[..., float]) -> None:
    kernel, strides, pads = (3, 2), (3, 3), (1, 0, 0, 1)
    op: Primitive = ops.MaxPool(kernel, strides, pads, (1, 1), ceil_mode)
    if reduce is np.mean:
        op = ops.AveragePool(kernel, strides, pads, ceil_mode)
    result = run(op, X)
    assert result.shape == (2, 3, 2 + ceil_mode, 3)
    for i, j, row, column in itertools.product(*map(range, result.shape)):
        top, left = row * 3 - 1, column * 3
        window = X[i, j, max(top, 0) : top + 3, max(left, 0) : left + 2]
        np.testing.assert_allclose(result[i, j, row, column], reduce(window))


def test_functions() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            return {
                "largest": nn.global_max_pool(x),
                "means": nn.adaptive_average_pool(x, 2),
                "corners": nn.adaptive_max_pool(x, (2, 1)),
            }

    graph = nn.trace(Net(), {"x": batched((3, 6, 8))})
    outputs = evaluate(graph, {}, {"x": X}).outputs
    assert {name: value.shape[2:] for name, value in outputs.items()} == {
        "largest": (1, 1),
        "means": (2, 2),
        "corners": (2, 1),
    }
    np.testing.assert_allclose(outputs["means"][:, :, 0, 1], X[:, :, :3, 4:].mean((2, 3)))


@pytest.mark.parametrize(
    ("op", "spec", "message"),
    [
        (ops.MaxPool((2,), (1,), (2, 0), (1,)), batched((1, 9)), "more than half"),
        (ops.MaxPool((2,), (1,), (0, 0), (0,)), batched((1, 9)), "positive"),
        (ops.MaxPool((2,), (1,), (0, 0), (1,)), batched((1, 9), "int32"), "cast it"),
        (ops.MaxPool((2,), (1,), (1, 1), (3,)), batched((1, 2)), r"sees nothing of \(N, 1, 2\)"),
        (ops.MaxPool((), (), (), ()), batched((1,)), "one to three"),
        (ops.MaxPool((2, 2), (2, 2), (0, 0), (1, 1)), batched((3, 4, 4)), "4 pads"),
        (ops.AveragePool((2, 2), (2,), (0,) * 4), batched((3, 4, 4)), "2 strides"),
        (ops.AveragePool((2, 2), (1, 1), (0,) * 4), batched((1, 9)), r"\(N, 1, 9\)"),
        (ops.AveragePool((2,), (1,), (0, 0)), TensorSpec((1, 1, BATCH)), "does not fit"),
        (ops.GlobalAveragePool(), batched((3,)), r"\(N, 3\)"),
        (ops.GlobalAveragePool(), batched((3, 0)), r"\(N, 3, 0\)"),
        (ops.GlobalMaxPool(), batched((3, 4), "bool"), "cast it"),
        (ops.GlobalMaxPool(), TensorSpec((3, 3, BATCH)), r"\(3, 3, N\)"),
        (ops.AdaptiveAveragePool((2,)), batched((3, 4, 4)), r"got \(2,\)"),
        (ops.AdaptiveAveragePool((2, 0)), batched((3, 4, 4)), r"got \(2, 0\)"),
        (ops.AdaptiveMaxPool((1,) * 4), batched((3, 4, 4, 4, 4)), "one to three"),
        (ops.AdaptiveMaxPool(()), batched((3,)), r"\(N, 3\)"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(op: Primitive, spec: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(spec)
