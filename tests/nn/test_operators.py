"""Primitive operators against values worked out by hand or by plain loops."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import ops
from vega_core.nn.keys import combined, draw_key, node_key, step_key
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, TensorSpec, batched
from vega_core.nn.tracing import current


def run(op: Primitive, *inputs: Array, key: int = 0, **params: Array) -> Array:
    return op.reference(Call(inputs, params, key))[0]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def slow_conv(x: Array, w: Array, op: ops.Conv) -> Array:
    """A convolution as in the definition."""
    out, per, kh, kw = w.shape
    top, left, bottom, right = op.pads
    padded = np.pad(x, [(0, 0), (0, 0), (top, bottom), (left, right)])
    (spec,) = op.infer(TensorSpec(x.shape))
    y = np.zeros(spec.shape)
    for i, o, r, c in itertools.product(*map(range, y.shape)):
        group = o // (out // op.group)
        for p, u, v in itertools.product(range(per), range(kh), range(kw)):
            row = r * op.strides[0] + u * op.dilations[0]
            column = c * op.strides[1] + v * op.dilations[1]
            y[i, o, r, c] += padded[i, group * per + p, row, column] * w[o, p, u, v]
    return y


@pytest.mark.parametrize(
    "op",
    [
        ops.Conv(4, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1, False),
        ops.Conv(6, (3, 2), (2, 1), (0, 1, 2, 0), (1, 2), 2, False),
        ops.Conv(4, (1, 3), (1, 2), (0, 0, 0, 0), (2, 1), 4, False),
    ],
)
def test_conv_is_the_definition(op: ops.Conv) -> None:
    x = rng().standard_normal((2, 4, 6, 7))
    weight = rng().standard_normal(op.parameters(batched((4, 6, 7)))["weight"].shape)
    y = run(op, x, weight=weight)
    np.testing.assert_allclose(y, slow_conv(x, weight, op), rtol=1e-12, atol=1e-12)
    assert y[0].std() > 0.1
    assert not np.allclose(y[0], y[1])


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


def test_shaping() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    assert run(ops.Flatten(2), x).shape == (6, 4)
    assert run(ops.Reshape((0, 2, -1)), x).shape == (2, 2, 6)
    np.testing.assert_array_equal(run(ops.Concat(1), x, x)[:, 3:], x)
    padded = run(ops.Pad((0, 1, 0, 0, 2, 0), 9.0), x)
    assert padded.shape == (2, 6, 4)
    np.testing.assert_array_equal(padded[:, 1:4], x)
    assert padded[0, 0, 0] == padded[1, 5, 3] == 9


@pytest.mark.parametrize(
    ("shape", "target", "result"),
    [
        ((BATCH, 8, 4), (0, -1), (BATCH, 32)),
        ((BATCH, 8, 4), (-1, 4), (-8, 4)),
        ((BATCH, 8, 4), (0, 2, 4, 4), (BATCH, 2, 4, 4)),
        ((-8, 4), (-1, 32), (BATCH, 32)),
    ],
)
def test_reshaping_keeps_the_batch_open(
    shape: tuple[int, ...], target: tuple[int, ...], result: tuple[int, ...]
) -> None:
    (spec,) = ops.Reshape(target).infer(TensorSpec(shape))
    assert spec.shape == result
    size = 3
    array = np.zeros([d if d > 0 else -d * size for d in shape])
    expected = tuple(d if d > 0 else -d * size for d in result)
    assert run(ops.Reshape(target), array).shape == expected


def test_softmax_survives_large_scores() -> None:
    x = np.array([[1000.0, 1000.0, 0.0], [-5.0, 2.0, 1.0]])
    y = run(ops.Softmax(1), x)
    np.testing.assert_allclose(y[0], [0.5, 0.5, 0.0])
    np.testing.assert_allclose(y[1], np.exp(x[1]) / np.exp(x[1]).sum())
    np.testing.assert_allclose(np.exp(run(ops.LogSoftmax(1), x)), y)


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


def test_dropout_is_a_function_of_its_key() -> None:
    x, rate = rng().standard_normal((200, 50)) + 3, np.asarray(0.3)
    train = ops.Dropout("train")
    y = run(train, x, rate, key=5)
    np.testing.assert_array_equal(y, run(train, x, rate, key=5))
    assert not np.array_equal(y, run(train, x, rate, key=6))
    assert abs((y == 0).mean() - 0.3) < 0.02
    np.testing.assert_allclose(y[y != 0], (x / 0.7)[y != 0])
    np.testing.assert_array_equal(run(ops.Dropout("eval"), x, rate), x)
    np.testing.assert_array_equal(run(train, x, np.asarray(0.0)), x)


def test_keys_differ_by_seed_step_and_node() -> None:
    keys = {
        draw_key(seed, step, node)
        for seed in range(10)
        for step in range(10)
        for node in ("a", "b", "layer1.0.drop")
    }
    assert len(keys) == 300
    assert all(0 <= key < 2**64 for key in keys)


def test_keys_are_the_published_functions() -> None:
    # SplitMix64's first output from 0, and the digest that FIPS 180-2 gives for "abc".
    assert combined(0, 0) == 0xE220A8397B1DCDAF
    assert step_key(0, 0) == combined(0xE220A8397B1DCDAF, 0)
    assert node_key("abc") == int.from_bytes(bytes.fromhex("ba7816bf8f01cfea"), "little")


@pytest.mark.parametrize(
    ("op", "shapes", "message"),
    [
        (ops.Conv(4, (3, 3), (1, 1), (0,) * 4, (1, 1)), [(BATCH, 3)], r"\(N, 3\)"),
        (ops.Conv(4, (3, 3), (1, 1), (0,) * 4, (1, 1)), [(BATCH, 3, 2, 2)], "does not fit"),
        (ops.Conv(4, (1,), (1,), (0, 0), (1,), 3), [(BATCH, 6, 2)], "groups must divide"),
        (ops.Conv(0, (1,), (1,), (0, 0), (1,)), [(BATCH, 6, 2)], "positive channels"),
        (ops.Gemm(4), [(BATCH, 3, 2)], "flatten it"),
        (ops.Gemm(0), [(BATCH, 3)], "0 outputs"),
        (ops.BatchNormalization(), [(BATCH,)], r"\(N,\)"),
        (ops.Add(), [(BATCH, 3), (BATCH, 4)], r"\(N, 3\) with \(N, 4\)"),
        (ops.MaxPool((2,), (1,), (2, 0), (1,)), [(BATCH, 1, 9)], "more than half"),
        (ops.AveragePool((2, 2), (1, 1), (0,) * 4), [(BATCH, 1, 9)], r"\(N, 1, 9\)"),
        (ops.GlobalAveragePool(), [(BATCH, 3)], r"\(N, 3\)"),
        (ops.Flatten(4), [(BATCH, 3)], "axis 4"),
        (ops.Reshape((0, 5)), [(BATCH, 3)], r"cannot reshape \(N, 3\)"),
        (ops.Reshape((0, -1, -1)), [(BATCH, 3)], "one dimension open"),
        (ops.Reshape((0, 3, 0)), [(BATCH, 3)], "cannot copy"),
        (ops.Concat(1), [(BATCH, 3, 4), (BATCH, 3, 5)], "cannot concatenate"),
        (ops.Concat(0), [(BATCH, 3), (5, 3)], r"with a fixed size: \(N, 3\) .* \(5, 3\)"),
        (ops.MaxPool((2, 2), (2, 2), (0, 0), (1, 1)), [(BATCH, 3, 4, 4)], "4 pads"),
        (ops.AveragePool((2, 2), (2,), (0,) * 4), [(BATCH, 3, 4, 4)], "2 strides"),
        (ops.Pad((0, 1)), [(BATCH, 3)], "do not fit"),
        (ops.Pad((1, 0, 0, 0)), [(BATCH, 3)], "grow the batch"),
        (ops.Softmax(2), [(BATCH, 3)], "axis 2"),
        (ops.Dropout(), [(BATCH, 3), (BATCH,)], "one number"),
        (ops.SquaredError(), [(BATCH, 3), (BATCH, 1)], "two inputs alike"),
    ],
)
def test_shapes_that_do_not_fit_are_typed_errors(
    op: Primitive, shapes: list[tuple[int, ...]], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(*(TensorSpec(shape) for shape in shapes))


def test_attributes_go_through_json() -> None:
    op = ops.Conv(4, (3, 3), (1, 1), (0,) * 4, (1, 1))
    listed = {k: list(v) if isinstance(v, tuple) else v for k, v in op.attributes().items()}
    assert ops.Conv.from_attributes(listed) == op
    bound = {"pads": [0, 1], "value": "-inf"}
    assert ops.Pad.from_attributes(bound) == ops.Pad((0, 1), -math.inf)


@dataclass(frozen=True)
class Loose(ops.Relu):
    """Relu with an attribute that may be anything."""

    extra: Any = None


def test_attributes_are_plain_values_whatever_their_annotation() -> None:
    assert Loose.from_attributes({"extra": [1, ["a"]]}) == Loose((1, ("a",)))
    for value in ({"a": 1}, [{1}], object()):
        with pytest.raises(ModelError, match=r"Loose\.extra: expected a number, a text or a tuple"):
            Loose.from_attributes({"extra": value})


def test_attributes_of_numpys_types_become_pythons() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            x = nn.Conv(np.int64(4), 3, groups=np.int32(2), name="c")(x)
            x = nn.max_pool(x, np.int64(2), np.array([2, 1]))  # type: ignore[arg-type]
            return nn.pad(x, np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.float32(0.5))  # type: ignore[arg-type]

    graph = nn.trace(Net(), {"x": batched((2, 6, 6))})
    conv, pool, pad = (node.op for node in graph.nodes)
    assert conv == ops.Conv(4, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 2)
    assert pool == ops.MaxPool((2, 2), (2, 1), (0, 0, 0, 0), (1, 1))
    assert pad == ops.Pad((0, 0, 1, 1, 0, 0, 1, 1), 0.5)
    assert type(conv.attributes()["out_channels"]) is int
    assert nn.graph_from_dict(nn.graph_to_dict(graph)).hash == graph.hash


def test_an_attribute_of_another_kind_names_the_module() -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return current().emit(Loose({1}), (x,))[0]

    with pytest.raises(ModelError, match=r"^loose: Loose\.extra: expected a number"):
        nn.trace(Net(), {"x": batched((2,))})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_controls_have_the_precision_of_the_arrays(dtype: str) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return x * nn.control("scale", 0.1)

    graph = nn.trace(Net(), {"x": batched((2,))})
    output = evaluate(graph, {}, {"x": np.ones((3, 2), dtype)}).outputs["output"]
    assert output.dtype == dtype
    assert output[0, 0] == np.asarray(0.1, dtype)


def test_every_operator_is_documented_and_in_the_table() -> None:
    for name, cls in ops.OPERATORS.items():
        assert cls.__name__ == name
        assert cls.__doc__
        assert name in ops.__all__
