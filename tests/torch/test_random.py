"""What PyTorch draws: the distribution, and that key and node alone decide."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from vega_backend_torch.generate import generate
from vega_core import nn
from vega_core.nn.ops.random import Distribution


class Dropped(nn.Network):
    """Two dropouts of one input, by elements and by channels, and a path dropped whole."""

    def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
        return {
            **{name: nn.Dropout(0.3, name=name)(x) for name in ("one", "two")},
            "channels": nn.Dropout(0.3, (-1,), name="channels")(x),
            "path": nn.DropPath(0.3, name="path")(x),
        }


Outputs = dict[str, torch.Tensor]


def dropped(x: torch.Tensor, rate: float, key: int) -> Outputs:
    graph = nn.trace(Dropped(), {"x": nn.batched(tuple(x.shape[1:]))})
    program = generate(graph.in_mode("train"))
    rates = [rate] * len(program.controls)
    return dict(zip(program.outputs, program.run([], [x], rates, key), strict=True))


X = torch.linspace(1, 2, 40_000).reshape(400, 20, 5)


def test_dropout_is_a_function_of_key_and_node() -> None:
    first, again, other = (dropped(X, 0.3, key) for key in (7, 7, 8))
    for name, value in first.items():
        assert torch.equal(value, again[name])
        assert not torch.equal(value, other[name])
    assert not torch.equal(first["one"], first["two"])


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.9])
def test_one_draw_holds_along_the_shared_axes(rate: float) -> None:
    outputs = dropped(X, rate, 7)
    shared = {"one": X.shape, "channels": (400, 20, 1), "path": (400, 1, 1)}
    for name, shape in shared.items():
        kept = outputs[name] != 0
        torch.testing.assert_close(outputs[name], torch.where(kept, X / (1 - rate), 0))
        axes = [axis for axis, size in enumerate(shape) if size == 1]
        drawn = kept.all(axes, keepdim=True) if axes else kept
        assert drawn.shape == shape
        assert torch.equal(drawn.expand_as(kept), kept)
        assert abs(float(drawn.float().mean()) - (1 - rate)) < 3 * (0.25 / drawn.numel()) ** 0.5


def test_the_ends_of_a_rate() -> None:
    for value in dropped(X, 0.0, 7).values():
        assert torch.equal(value, X)
    for value in dropped(X, 1.0, 7).values():
        assert not value.any()


@pytest.mark.parametrize(("distribution", "law"), [("uniform", "uniform"), ("normal", "norm")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_draws_follow_their_distribution(
    distribution: Distribution, law: str, dtype: torch.dtype
) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            draw = nn.random_uniform if distribution == "uniform" else nn.random_normal
            return {"one": draw(x, -1, 50), "two": draw(x, -2, 3)}

    program = generate(nn.trace(Net(), {"x": nn.batched((4,))}))
    like = torch.zeros(400, 4, dtype=dtype)
    one, two = program.run([], [like], [], 7)
    again, _ = program.run([], [like + 1], [], 7)
    other, _ = program.run([], [like], [], 8)
    assert (one.shape, two.shape, one.dtype) == ((400, 50), (800, 3), dtype)
    assert stats.kstest(one.numpy().ravel(), law).pvalue > 1e-3
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert not torch.equal(one.ravel()[:2400], two.ravel())
