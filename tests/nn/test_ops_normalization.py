"""Normalizations: values by hand, how they fall together, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, TensorSpec, batched

X = np.random.default_rng(0).standard_normal((2, 6, 3, 2)) * 3 + 1


def run(op: Primitive, x: Array, **params: Array) -> Array:
    return op.reference(Call([x], params))[0]


def test_batch_normalization_by_hand() -> None:
    x = np.array([[1.0], [2.0], [6.0]])
    params = {
        "weight": np.array([2.0]),
        "bias": np.array([1.0]),
        "running_mean": np.array([5.0]),
        "running_var": np.array([4.0]),
    }
    train = ops.BatchNormalization(0.0, 0.1, "train")
    mean, biased, unbiased = 3.0, 14 / 3, 7.0
    np.testing.assert_allclose(
        run(train, x, **params), 2 * (x - mean) / math.sqrt(biased) + 1, rtol=1e-12
    )
    moved = train.updates(Call([x], params))
    np.testing.assert_allclose(moved["running_mean"], 0.9 * 5 + 0.1 * mean)
    np.testing.assert_allclose(moved["running_var"], 0.9 * 4 + 0.1 * unbiased)
    evaluation = ops.BatchNormalization(0.0, 0.1, "eval")
    np.testing.assert_allclose(run(evaluation, x, **params), 2 * (x - 5) / 2 + 1)
    assert evaluation.updates(Call([x], params)) == {}


def test_layer_normalization_by_hand() -> None:
    x = np.array([[1.0, 2.0, 6.0], [0.0, 0.0, 0.0]])
    scale, shift = np.array([1.0, 2.0, 0.5]), np.array([0.0, 1.0, 0.0])
    result = run(ops.LayerNormalization(-1, 0.5), x, weight=scale, bias=shift)
    deviation = math.sqrt(14 / 3 + 0.5)
    expected = [[-2 / deviation, 1 - 2 / deviation, 1.5 / deviation], [0, 1, 0]]
    np.testing.assert_allclose(result, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("op", "axes"),
    [
        (ops.LayerNormalization(1, 0.0, False), (1, 2, 3)),
        (ops.LayerNormalization(-2, 0.0, False), (2, 3)),
        (ops.GroupNormalization(1, 0.0, False), (1, 2, 3)),
        (ops.InstanceNormalization(0.0, False), (2, 3)),
        (ops.BatchNormalization(0.0, mode="train", affine=False), (0, 2, 3)),
    ],
)
def test_the_result_has_mean_0_and_variance_1(op: Primitive, axes: tuple[int, ...]) -> None:
    y = run(op, X)
    np.testing.assert_allclose(y.mean(axes), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axes), 1, rtol=1e-12)
    # Only moved and scaled along the axes: order is kept, and so are ratios of differences.
    shares = (X - X.min(axes, keepdims=True)) / np.ptp(X, axes, keepdims=True)
    np.testing.assert_allclose(
        (y - y.min(axes, keepdims=True)) / np.ptp(y, axes, keepdims=True), shares
    )


def test_groups_of_channels_lie_together() -> None:
    y = run(ops.GroupNormalization(3, 1e-3, False), X)
    for group in range(3):
        channels = slice(2 * group, 2 * group + 2)
        alone = run(ops.LayerNormalization(1, 1e-3, False), X[:, channels])
        np.testing.assert_allclose(y[:, channels], alone, rtol=1e-12)
    instance = run(ops.InstanceNormalization(1e-3, False), X)
    np.testing.assert_allclose(run(ops.GroupNormalization(6, 1e-3, False), X), instance)


@pytest.mark.parametrize(
    "op",
    [ops.GroupNormalization(2), ops.InstanceNormalization(), ops.BatchNormalization(mode="train")],
)
def test_scale_and_shift_are_of_channels(op: Primitive) -> None:
    scale, shift = np.arange(1.0, 7.0), np.arange(6.0)
    one, none = (
        run(op, X, weight=w, bias=b) for w, b in ((scale, shift), (scale * 0 + 1, scale * 0))
    )
    np.testing.assert_allclose(one, none * scale.reshape(-1, 1, 1) + shift.reshape(-1, 1, 1))
    specs = op.parameters(batched((6, 3, 2)))
    assert {specs[role].shape for role in ("weight", "bias")} == {(6,)}
    assert {specs[role].kind for role in ("weight", "bias")} == {"norm"}


def test_parameters_of_a_layer_have_the_shape_of_its_axes() -> None:
    op = ops.LayerNormalization(-2)
    specs = op.parameters(batched((6, 3, 2), "float64"))
    assert {(s.shape, s.kind, s.dtype) for s in specs.values()} == {((3, 2), "norm", "float64")}
    assert ops.LayerNormalization(affine=False).parameters(batched((6,))) == {}


class Norms(nn.Network):
    """One of each module."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.GroupNorm(2, name="group")(x)
        x = nn.InstanceNorm(name="instance")(x)
        x = nn.InstanceNorm(affine=True, name="scaled")(x)
        x = nn.BatchNorm(affine=False, name="batch")(x)
        return nn.LayerNorm(1, name="layer")(x)


def test_modules() -> None:
    graph = nn.trace(Norms(), {"x": batched((4, 3, 2))})
    assert {name: spec.shape for name, spec in graph.parameters.items()} == {
        "group.weight": (4,),
        "group.bias": (4,),
        "scaled.weight": (4,),
        "scaled.bias": (4,),
        "batch.running_mean": (4,),
        "batch.running_var": (4,),
        "layer.weight": (4, 3, 2),
        "layer.bias": (4, 3, 2),
    }
    params = nn.initial_parameters(graph, 0)
    x = np.random.default_rng(0).standard_normal((5, 4, 3, 2))
    result = evaluate(graph, params, {"x": x}, mode="train")
    np.testing.assert_allclose(result.outputs["output"].std((1, 2, 3)), 1, rtol=1e-4)
    assert set(result.statistics) == {"batch.running_mean", "batch.running_var"}


@pytest.mark.parametrize(
    ("op", "spec", "message"),
    [
        (ops.BatchNormalization(), TensorSpec((BATCH,)), r"\(N,\)"),
        (ops.BatchNormalization(), batched((0, 3)), r"\(N, 0, 3\)"),
        (ops.BatchNormalization(), batched((3, 0)), r"\(N, 3, 0\)"),
        (ops.BatchNormalization(), TensorSpec((3, BATCH)), r"\(3, N\)"),
        (ops.BatchNormalization(), batched((3,), "int64"), "cast it"),
        (ops.BatchNormalization(-1e-5), batched((3,)), "not negative"),
        (ops.BatchNormalization(math.nan), batched((3,)), "not negative"),
        (ops.BatchNormalization(momentum=1.5), batched((3,)), r"in \[0, 1\], and got 1.5"),
        (ops.LayerNormalization(0), batched((3,)), "without the batch"),
        (ops.LayerNormalization(), batched((0,)), "known size"),
        (ops.LayerNormalization(2), batched((3,)), "axis 2"),
        (ops.LayerNormalization(), TensorSpec(()), "axis -1"),
        (ops.LayerNormalization(epsilon=-1.0), batched((3,)), "not negative"),
        (ops.GroupNormalization(2), batched((3, 4)), "2 groups do not divide"),
        (ops.GroupNormalization(0), batched((3, 4)), "0 groups"),
        (ops.GroupNormalization(3), TensorSpec((3, 3, BATCH)), "3 groups"),
        (ops.InstanceNormalization(), batched((3,)), r"needs \(N, C, spatial\)"),
        (ops.InstanceNormalization(), TensorSpec((3, 3, BATCH)), r"needs \(N, C, spatial\)"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(op: Primitive, spec: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(spec)
