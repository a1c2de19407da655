"""What is drawn at random: its distribution, what it is a function of, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import ops
from vega_core.nn.ops.random import Distribution
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.reference import evaluate
from vega_core.nn.shapes import BATCH, TensorSpec, batched


def run(op: Primitive, *inputs: Array, key: int = 0) -> Array:
    return op.reference(Call(inputs, {}, key))[0]


def test_dropout_is_a_function_of_its_key() -> None:
    x, rate = np.random.default_rng(0).standard_normal((200, 50)) + 3, np.asarray(0.3)
    train = ops.Dropout("train")
    y = run(train, x, rate, key=5)
    np.testing.assert_array_equal(y, run(train, x, rate, key=5))
    assert not np.array_equal(y, run(train, x, rate, key=6))
    assert abs((y == 0).mean() - 0.3) < 0.02
    np.testing.assert_allclose(y[y != 0], (x / 0.7)[y != 0])
    np.testing.assert_array_equal(run(ops.Dropout("eval"), x, rate), x)
    np.testing.assert_array_equal(run(train, x, np.asarray(0.0)), x)


@pytest.mark.parametrize(
    ("shared", "shape"),
    [((1, 2, 3), (400, 1, 1, 1)), ((-2, -1), (400, 6, 1, 1)), ((0,), (1, 6, 2, 3))],
)
def test_a_shared_draw_holds_along_its_axes(
    shared: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    x = np.random.default_rng(0).random((400, 6, 2, 3)) + 1
    y = run(ops.Dropout("train", shared), x, np.asarray(0.25), key=3)
    kept = (y != 0).all(tuple(axis % 4 for axis in shared), keepdims=True)
    assert kept.shape == shape
    np.testing.assert_allclose(y, np.where(kept, x / 0.75, 0))
    if kept.size > 100:
        assert abs(kept.mean() - 0.75) < 0.05


def test_a_rate_of_1_keeps_nothing() -> None:
    assert not run(ops.Dropout("train"), np.ones((3, 4)), np.asarray(1.0)).any()


@pytest.mark.parametrize(("distribution", "law"), [("uniform", "uniform"), ("normal", "norm")])
def test_draws_follow_their_distribution(distribution: Distribution, law: str) -> None:
    op = ops.Random((BATCH, 50), distribution)
    draws = run(op, np.zeros((400, 3)), key=7)
    assert draws.shape == (400, 50)
    assert stats.kstest(draws.ravel(), law).pvalue > 1e-3
    np.testing.assert_array_equal(draws, run(op, np.ones((400, 9)), key=7))
    assert not np.array_equal(draws, run(op, np.zeros((400, 3)), key=8))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
def test_draws_are_of_the_inputs_type(dtype: str) -> None:
    op = ops.Random((-2, 3), "uniform")
    (spec,) = op.infer(batched((4,), dtype))
    draws = run(op, np.zeros((5, 4), dtype))
    assert spec == TensorSpec((-2, 3), "float32" if dtype == "int64" else dtype)
    assert draws.shape == (10, 3)
    assert draws.dtype == spec.dtype


class Noisy(nn.Network):
    """Two draws, dropout of channels, and a path that is dropped."""

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        return {
            "one": nn.random_normal(x, -1, 2),
            "two": nn.random_normal(x, -1, 2),
            "level": nn.random_uniform(x, 3),
            "channels": nn.Dropout(0.5, (2,), name="drop")(x),
            "path": x + nn.DropPath(0.2, name="path")(x),
        }


def test_modules_and_functions() -> None:
    graph = nn.trace(Noisy(), {"x": batched((4, 5))})
    assert {n: c.default for n, c in graph.controls.items()} == {"drop.rate": 0.5, "path.rate": 0.2}
    assert [node.op for node in graph.nodes if node.name == "path"] == [ops.Dropout(None, (1, 2))]
    x = np.ones((300, 4, 5))
    first, again, later = (
        evaluate(graph, {}, {"x": x}, mode="train", seed=1, step=step).outputs for step in (2, 2, 3)
    )
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
        assert not np.array_equal(value, later[name])
    assert not np.array_equal(first["one"], first["two"])
    assert first["level"].shape == (3,)
    assert set(np.unique(first["path"])) == {1.0, 2.25}
    assert abs((first["path"][:, 0, 0] == 1).mean() - 0.2) < 0.08
    still = evaluate(graph, {}, {"x": x}, mode="eval").outputs
    np.testing.assert_array_equal(still["path"], 2 * x)
    np.testing.assert_array_equal(still["channels"], x)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5])
def test_rates_that_are_none(rate: float) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.DropPath(rate, name="path")(x)

    with pytest.raises(ModelError, match=r"^path: a dropout rate is in \[0, 1\)"):
        nn.trace(Net(), {"x": batched((2,))})


ONE = TensorSpec(())


@pytest.mark.parametrize(
    ("op", "specs", "message"),
    [
        (ops.Dropout(), [batched((3,)), batched(())], "one number"),
        (ops.Dropout(), [batched((3,)), TensorSpec((), "int64")], "cast it"),
        (ops.Dropout(), [batched((3,), "int64"), ONE], "cast it"),
        (ops.Dropout(shared=(2,)), [batched((3,)), ONE], "axis 2"),
        (ops.Dropout(shared=(1, -1)), [batched((3,)), ONE], "one twice"),
        (ops.Dropout(), [batched((3,))], "takes 2 inputs"),
        (ops.Random((BATCH, 2)), [ONE], r"cannot draw \(N, 2\)"),
        (ops.Random((BATCH, 2)), [TensorSpec((-2, 2))], "cannot draw"),
        (ops.Random((2, 0)), [ONE], r"cannot draw \(2, 0\)"),
        (ops.Random((2,), "gamma"), [ONE], "unknown kind 'gamma'"),  # type: ignore[arg-type]
        (ops.Random((2,)), [], "takes 1 input"),
    ],
)
def test_what_does_not_fit_is_a_typed_error(
    op: Primitive, specs: list[TensorSpec], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        op.infer(*specs)
