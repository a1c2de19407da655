"""Resolutions and orders of channels: values by plain loops, and what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, TensorSpec, batched

X = np.random.default_rng(0).standard_normal((2, 3, 4, 5))


def run(op: Primitive, x: Array) -> Array:
    return op.reference(Call([x], {}))[0]


@pytest.mark.parametrize("size", [(8, 10), (3, 7), (1, 1), (4, 2)])
def test_nearest_by_plain_loops(size: tuple[int, int]) -> None:
    result = run(ops.Resize(size), X)
    for row, column in itertools.product(*map(range, size)):
        source = X[:, :, row * 4 // size[0], column * 5 // size[1]]
        np.testing.assert_array_equal(result[:, :, row, column], source)


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("size", [(8, 10), (3, 7), (1, 1), (4, 2)])
def test_linear_by_numpys_interpolation(size: tuple[int, int], corners: bool) -> None:
    def places(old: int, new: int) -> Array:
        if corners:
            return np.linspace(0, old - 1, new)
        return (np.arange(new) + 0.5) * old / new - 0.5

    def along(axis: int, x: Array) -> Array:
        old, new = x.shape[axis], size[axis - 2]

        def line(row: Array) -> Array:
            return np.interp(places(old, new), np.arange(old), row)

        return np.apply_along_axis(line, axis, x)

    result = run(ops.Resize(size, "linear", corners), X)
    np.testing.assert_allclose(result, along(3, along(2, X)), rtol=1e-12, atol=1e-12)


def test_a_ramp_stays_a_ramp() -> None:
    ramp = np.arange(4.0).reshape(1, 1, 4)
    assert run(ops.Resize((7,), "linear", True), ramp).ravel().tolist() == [
        0,
        0.5,
        1,
        1.5,
        2,
        2.5,
        3,
    ]
    halves = run(ops.Resize((8,), "linear"), ramp).ravel()
    assert halves.tolist() == [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]


def test_pixel_shuffle_by_plain_loops() -> None:
    x = np.arange(72.0).reshape(1, 12, 2, 3)
    result = run(ops.DepthToSpace(2), x)
    assert result.shape == (1, 3, 4, 6)
    for channel, row, column in itertools.product(range(3), range(4), range(6)):
        source = channel * 4 + row % 2 * 2 + column % 2
        assert result[0, channel, row, column] == x[0, source, row // 2, column // 2]
    np.testing.assert_array_equal(run(ops.SpaceToDepth(2), result), x)


def test_channel_shuffle_by_hand() -> None:
    x = np.arange(6.0).reshape(1, 6)
    assert run(ops.ChannelShuffle(2), x).tolist() == [[0, 3, 1, 4, 2, 5]]
    assert run(ops.ChannelShuffle(3), x).tolist() == [[0, 2, 4, 1, 3, 5]]
    np.testing.assert_array_equal(run(ops.ChannelShuffle(3), run(ops.ChannelShuffle(2), x)), x)


class Net(nn.Network):
    """One function on a picture."""

    function: str
    arguments: dict[str, Any]

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return getattr(nn, self.function)(x, **self.arguments)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("function", "arguments", "op"),
    [
        ("resize", {"size": 8}, ops.Resize((8, 8))),
        ("resize", {"size": (8, 3), "mode": "linear"}, ops.Resize((8, 3), "linear")),
        ("resize", {"scale": 2}, ops.Resize((8, 12))),
        ("resize", {"scale": (0.5, 1.3)}, ops.Resize((2, 7))),
        ("pixel_shuffle", {"factor": 2}, ops.DepthToSpace(2)),
        ("pixel_unshuffle", {"factor": 2}, ops.SpaceToDepth(2)),
        ("channel_shuffle", {"groups": 2}, ops.ChannelShuffle(2)),
    ],
)
def test_functions(function: str, arguments: dict[str, Any], op: Primitive) -> None:
    graph = nn.trace(Net(function, arguments), {"x": batched((4, 4, 6))})
    assert [node.op for node in graph.nodes] == [op]
    x = np.arange(192.0).reshape(2, 4, 4, 6)
    (result,) = evaluate(graph, {}, {"x": x}).outputs.values()
    np.testing.assert_array_equal(result, run(op, x))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "one of the two"),
        ({"size": 2, "scale": 2.0}, "one of the two"),
        ({"scale": 0.1}, "positive size"),
        ({"scale": -1.0}, "cannot be scaled by -1.0"),
        ({"scale": (1.0,)}, r"cannot be scaled by \(1.0,\)"),
        ({"size": (1, 2, 3)}, "3 sizes"),
    ],
)
def test_sizes_that_do_not_fit(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        nn.trace(Net("resize", arguments), {"x": batched((4, 4, 6))})


@pytest.mark.parametrize(
    ("op", "spec", "message"),
    [
        (ops.Resize((2,)), batched((3, 4, 4)), r"got \(2,\)"),
        (ops.Resize((2, 0)), batched((3, 4, 4)), r"got \(2, 0\)"),
        (ops.Resize(()), batched((3,)), "one to three"),
        (ops.Resize((2,) * 4), batched((3, 4, 4, 4, 4)), "one to three"),
        (ops.Resize((2,)), TensorSpec((3, 4, BATCH)), "positive size"),
        (ops.Resize((2,)), batched((3, 4), "uint8"), "cast it"),
        (ops.Resize((2,), "cubic"), batched((3, 4)), "resized by 'cubic'"),  # type: ignore[arg-type]
        (ops.Resize((2,), "nearest", True), batched((3, 4)), "with aligned corners"),
        (ops.DepthToSpace(2), batched((6, 4, 4)), "do not divide the channels"),
        (ops.DepthToSpace(0), batched((4, 4, 4)), "squares of 0²"),
        (ops.DepthToSpace(2), batched((4, 4)), r"needs \(N, C, H, W\)"),
        (ops.DepthToSpace(2), TensorSpec((4, 4, 4, BATCH)), "needs"),
        (ops.SpaceToDepth(2), batched((4, 4, 5)), "do not divide"),
        (ops.SpaceToDepth(-2), batched((4, 4, 4)), "squares of -2²"),
        (ops.ChannelShuffle(3), batched((4, 4)), "3 groups do not divide"),
        (ops.ChannelShuffle(0), batched((4, 4)), "0 groups"),
        (ops.ChannelShuffle(1), TensorSpec((3, BATCH)), "1 groups"),
        (ops.ChannelShuffle(1), TensorSpec((BATCH,)), "1 groups"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(op: Primitive, spec: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(spec)
