"""Losses: values by their formulas, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.ops.loss import Reduction
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec, batched

SCORES = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [0.2, 0.6, 0.2]]))
LABELS = np.array([0, 2, 1])


def run(op: Primitive, *inputs: Array) -> Array:
    return op.reference(Call(inputs, {}))[0]


def test_cross_entropy_by_hand() -> None:
    scores = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]))
    labels = np.array([0, 2])
    plain = run(ops.SoftmaxCrossEntropyLoss(), scores, labels)
    np.testing.assert_allclose(plain, -(math.log(0.5) + math.log(0.8)) / 2)
    smooth = run(ops.SoftmaxCrossEntropyLoss(0.3, reduction="none"), scores, labels)
    target = np.array([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    np.testing.assert_allclose(smooth, -(target * scores).sum(1))
    ignored = run(ops.SoftmaxCrossEntropyLoss(), scores, np.array([0, -100]))
    np.testing.assert_allclose(ignored, -math.log(0.5))
    total = run(ops.SoftmaxCrossEntropyLoss(reduction="sum"), scores, labels)
    np.testing.assert_allclose(total, 2 * plain)


def test_weights_of_classes_by_hand() -> None:
    weights = np.array([1.0, 2.0, 4.0])
    each = [-1 * math.log(0.5), -4 * math.log(0.8), -2 * math.log(0.6)]
    none = run(ops.SoftmaxCrossEntropyLoss(reduction="none"), SCORES, LABELS, weights)
    np.testing.assert_allclose(none, each)
    mean = run(ops.SoftmaxCrossEntropyLoss(), SCORES, LABELS, weights)
    np.testing.assert_allclose(mean, sum(each) / 7)
    ignored = run(ops.SoftmaxCrossEntropyLoss(ignore_index=2), SCORES, LABELS, weights)
    np.testing.assert_allclose(ignored, (each[0] + each[2]) / 3)
    total = run(ops.SoftmaxCrossEntropyLoss(reduction="sum"), SCORES, LABELS, weights)
    np.testing.assert_allclose(total, sum(each))


def test_smoothing_spreads_the_target_and_keeps_the_weights() -> None:
    weights = np.array([1.0, 2.0, 4.0])
    target = 0.7 * np.eye(3)[LABELS] + 0.1
    each = -(target * weights * SCORES).sum(1)
    none = run(ops.SoftmaxCrossEntropyLoss(0.3, reduction="none"), SCORES, LABELS, weights)
    np.testing.assert_allclose(none, each)
    mean = run(ops.SoftmaxCrossEntropyLoss(0.3), SCORES, LABELS, weights)
    np.testing.assert_allclose(mean, each.sum() / 7)


def test_places_are_samples_of_their_own() -> None:
    scores, labels = SCORES.T[None, :, :, None], LABELS[None, :, None]
    for reduction in ("mean", "sum", "none"):
        op = ops.SoftmaxCrossEntropyLoss(0.1, reduction=reduction)  # type: ignore[arg-type]
        result = run(op, scores, labels)
        np.testing.assert_allclose(result.squeeze(), run(op, SCORES, LABELS))
        (spec,) = op.infer(TensorSpec(scores.shape), TensorSpec(labels.shape, "int64"))
        assert spec.shape == result.shape


def test_the_mean_over_nothing_is_no_number() -> None:
    assert np.isnan(run(ops.SoftmaxCrossEntropyLoss(), SCORES, np.full(3, -100)))


def test_binary_cross_entropy_by_its_formula() -> None:
    probabilities = np.array([[0.2, 0.9], [0.5, 0.4]])
    scores = np.log(probabilities / (1 - probabilities))
    targets = np.array([[0.0, 1.0], [1.0, 0.25]])
    each = -(targets * np.log(probabilities) + (1 - targets) * np.log(1 - probabilities))
    none = run(ops.BinaryCrossEntropyLoss("none"), scores, targets)
    np.testing.assert_allclose(none, each)
    np.testing.assert_allclose(run(ops.BinaryCrossEntropyLoss(), scores, targets), each.mean())
    weights = np.array([[3.0], [0.5]])
    mean = run(ops.BinaryCrossEntropyLoss(), scores, targets, weights)
    np.testing.assert_allclose(mean, (each * weights).mean())
    far = run(ops.BinaryCrossEntropyLoss("none"), np.array([1000.0, -1000.0]), np.array([0.0, 1.0]))
    assert far.tolist() == [1000, 1000]


@pytest.mark.parametrize(
    ("op", "each"),
    [
        (ops.SquaredError, [0.25, 4.0, 0.0, 1.0]),
        (ops.AbsoluteError, [0.5, 2.0, 0.0, 1.0]),
        (ops.SmoothL1, [0.125, 1.5, 0.0, 0.5]),
        (lambda reduction: ops.SmoothL1(2.0, reduction), [0.0625, 1.0, 0.0, 0.25]),
        (lambda reduction: ops.SmoothL1(0.0, reduction), [0.5, 2.0, 0.0, 1.0]),
    ],
)
def test_errors_by_hand(op: type[ops.SquaredError], each: list[float]) -> None:
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5, 4.0], [3.0, 5.0]])
    results: dict[Reduction, Array | float] = {
        "none": np.reshape(each, (2, 2)),
        "sum": sum(each),
        "mean": sum(each) / 4,
    }
    for reduction, expected in results.items():
        made = op(reduction=reduction)
        np.testing.assert_allclose(run(made, a, b), expected)
        np.testing.assert_allclose(run(made, b, a), expected)


ONE = batched((3,))
LABEL = batched((), "int64")


@pytest.mark.parametrize(
    ("op", "specs", "message"),
    [
        (ops.SoftmaxCrossEntropyLoss(), [ONE, batched((1,), "int64")], r"labels \(N, ...\)"),
        (ops.SoftmaxCrossEntropyLoss(), [ONE, batched(())], "are integers"),
        (ops.SoftmaxCrossEntropyLoss(), [batched(()), LABEL], r"scores \(N, C, ...\)"),
        (ops.SoftmaxCrossEntropyLoss(), [batched((3,), "int64"), LABEL], "cast it"),
        (ops.SoftmaxCrossEntropyLoss(), [batched((0,)), LABEL], "0 classes"),
        (ops.SoftmaxCrossEntropyLoss(), [ONE, LABEL, TensorSpec((4,))], "weights of 3 classes"),
        (ops.SoftmaxCrossEntropyLoss(), [ONE, LABEL, TensorSpec((3,), "float64")], "differ"),
        (ops.SoftmaxCrossEntropyLoss(), [ONE], "takes 2 inputs"),
        (ops.SoftmaxCrossEntropyLoss(), [ONE, LABEL, ONE, ONE], "takes 2 inputs"),
        (ops.SoftmaxCrossEntropyLoss(1.5), [ONE, LABEL], "smoothing is in"),
        (ops.SoftmaxCrossEntropyLoss(reduction="max"), [ONE, LABEL], "by 'max'"),  # type: ignore[arg-type]
        (ops.BinaryCrossEntropyLoss(), [ONE, batched(())], "alike"),
        (ops.BinaryCrossEntropyLoss(), [ONE, ONE, batched((1, 3))], "more than the scores"),
        (ops.BinaryCrossEntropyLoss(), [ONE, ONE, TensorSpec((4,))], "cannot broadcast"),
        (ops.BinaryCrossEntropyLoss(), [ONE, batched((3,), "int64")], "cast it"),
        (ops.SquaredError(), [ONE, batched((1,))], "alike"),
        (ops.SquaredError(), [ONE, batched((3,), "float64")], "alike"),
        (ops.SquaredError("all"), [ONE, ONE], "by 'all'"),  # type: ignore[arg-type]
        (ops.AbsoluteError(), [batched((0,)), batched((0,))], "cannot be reduced"),
        (ops.AbsoluteError(), [ONE], "takes 2 inputs"),
        (ops.SmoothL1(-1.0), [ONE, ONE], "beta"),
        (ops.SmoothL1(math.nan), [ONE, ONE], "beta"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(
    op: Primitive, specs: list[TensorSpec], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(*specs)
