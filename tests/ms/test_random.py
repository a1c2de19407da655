"""What MindSpore draws: the distribution, that key and node alone decide, and compiled code."""

from __future__ import annotations

import mindspore as ms
import numpy as np
import pytest
from scipy import stats

from vega_backend_ms.generate import generate
from vega_backend_ms.lowering.draws import (
    compiled_normal,
    compiled_uniform,
    halves,
    normal,
    uniform,
)
from vega_backend_ms.lowering.random import compiled_masked, masked
from vega_core import nn
from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.ops.random import Distribution

X = np.linspace(1, 2, 40_000, dtype=np.float32).reshape(400, 20, 5)


class Dropped(nn.Network):
    """Two dropouts of one input, by elements and by channels, and a path dropped whole."""

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        return {
            **{name: nn.Dropout(0.3, name=name)(x) for name in ("one", "two")},
            "channels": nn.Dropout(0.3, (-1,), name="channels")(x),
            "path": nn.DropPath(0.3, name="path")(x),
        }


def dropped(x: Array, rate: float, key: int) -> dict[str, Array]:
    graph = nn.trace(Dropped(), {"x": nn.batched(x.shape[1:])})
    program = generate(graph.in_mode("train"))
    outputs = program.run([], [ms.Tensor(x)], [rate] * len(program.controls), key)
    return {name: y.asnumpy() for name, y in zip(program.outputs, outputs, strict=True)}


def test_dropout_is_a_function_of_key_and_node() -> None:
    first, again, other = (dropped(X, 0.3, key) for key in (7, 7, 8))
    for name, value in first.items():
        assert np.array_equal(value, again[name])
        assert not np.array_equal(value, other[name])
    assert not np.array_equal(first["one"], first["two"])


@pytest.mark.parametrize("rate", [0.3, 0.9])
def test_one_draw_holds_along_the_shared_axes(rate: float) -> None:
    outputs = dropped(X, rate, 7)
    shared = {"one": X.shape, "channels": (400, 20, 1), "path": (400, 1, 1)}
    for name, shape in shared.items():
        kept = outputs[name] != 0
        np.testing.assert_allclose(outputs[name], np.where(kept, X / (1 - rate), 0), rtol=1e-6)
        axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
        drawn = kept.all(axes, keepdims=True) if axes else kept
        assert drawn.shape == shape
        assert np.array_equal(np.broadcast_to(drawn, kept.shape), kept)
        assert abs(drawn.mean() - (1 - rate)) < 3 * (0.25 / drawn.size) ** 0.5


def test_the_ends_of_a_rate() -> None:
    for value in dropped(X, 0.0, 7).values():
        assert np.array_equal(value, X)
    for value in dropped(X, 1.0, 7).values():
        assert not value.any()


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_a_rate_that_is_no_probability(rate: float) -> None:
    with pytest.raises(ModelError, match=r"a dropout rate is in \[0, 1\], and got"):
        dropped(X, rate, 7)


@pytest.mark.parametrize(("distribution", "law"), [("uniform", "uniform"), ("normal", "norm")])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_draws_follow_their_distribution(distribution: Distribution, law: str, dtype: str) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            draw = nn.random_uniform if distribution == "uniform" else nn.random_normal
            return {"one": draw(x, -1, 50), "two": draw(x, -2, 3)}

    program = generate(nn.trace(Net(), {"x": nn.batched((4,), dtype)}))
    like = np.zeros((400, 4), dtype)
    (one, two), (again, _), (other, _) = (
        [y.asnumpy() for y in program.run([], [ms.Tensor(x)], [], key)]
        for x, key in ((like, 7), (like + 1, 7), (like, 8))
    )
    assert (one.shape, two.shape, one.dtype) == ((400, 50), (800, 3), dtype)
    assert stats.kstest(one.ravel(), law).pvalue > 1e-3
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one.ravel()[:2400], two.ravel())


def test_bits_are_independent_of_one_another() -> None:
    """Of neighbours, of one bit and the next, and of keys that differ in one bit."""
    size = 1 << 14
    for key in (0, 1, 12345, 0xFEDCBA9876543210, 1 << 63, 1 << 31):
        drawn = uniform((size,), key)
        assert drawn.min() >= 0
        assert drawn.max() < 1
        bits = (drawn * 2**24).astype(np.int64)[:, None] >> np.arange(24) & 1
        assert np.abs(bits.mean(0) - 0.5).max() < 5 * 0.5 / size**0.5
        pairs = np.corrcoef(np.hstack([bits[:-1], bits[1:]]), rowvar=False) - np.eye(48)
        assert np.abs(pairs).max() < 6 / size**0.5
        for bit in (0, 1, 31, 32, 33, 63):
            other = uniform((size,), key ^ 1 << bit)
            assert abs(np.corrcoef(drawn, other)[0, 1]) < 5 / size**0.5, (key, bit)


@pytest.mark.parametrize("key", [0, 7, 0xFEDCBA9876543210])
def test_compiled_code_draws_the_same(key: int) -> None:
    pair = ms.Tensor(halves(key))
    shape = (50, 8)
    assert np.array_equal(compiled_uniform(shape, pair).asnumpy(), uniform(shape, key))
    np.testing.assert_allclose(
        compiled_normal(shape, pair).asnumpy(), normal(shape, key), rtol=1e-4, atol=1e-4
    )
    x = ms.Tensor(X[:20])
    for rate, shared in ((0.0, ()), (0.3, (2,)), (0.7, ()), (1.0, (1, 2))):
        eager = masked(x, rate, key, shared)
        for given in (rate, ms.Tensor(rate, ms.float32)):
            found = compiled_masked(x, given, pair, shared).asnumpy()
            np.testing.assert_allclose(found, eager.asnumpy(), rtol=1e-6)
