"""From one seed and on the same batches of digits, all frameworks have the same losses.

Benchmarks and published tables give nothing to hold this against: the frameworks are independent of
one another, and that they agree is the truth that is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.backend import GRDA, SGD, Adam, AdamW, Backend, Executable, RMSprop, State, TrainSpec
from vega_core.data import Loader
from vega_core.store.tensors import load_tensors, save_tensors
from vega_tasks.classification.datasets.digits import Digits
from vega_tasks.classification.networks import ResNet

MOMENTUM = SGD(lr=0.05, momentum=0.9, weight_decay=1e-4)
Ready = Callable[..., Executable]


class Smooth(nn.Network):
    """A residual network without kinks.

    Where a rectifier's input crosses 0 in one framework alone, curves part at once by 1e-4.
    """

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        x = nn.swish(nn.BatchNorm(name="norm")(nn.Conv(16, 3, name="stem")(image)))
        for number in range(2):
            y = nn.Conv(16, 3, stride=1 + number, name=f"conv{number}")(x)
            y = nn.swish(nn.BatchNorm(name=f"norm{number}")(y))
            y = nn.Conv(16, 3, name=f"out{number}")(y)
            if number:
                x = nn.Conv(16, 1, stride=2, name="shortcut")(x)
            x = nn.swish(x + y)
        return nn.Linear(10, name="fc")(nn.flatten(nn.global_average_pool(x)))


SMOOTH = Smooth()


class Quantized(nn.Network):
    """Activations of four bits, whose gradient passes straight through the rounding."""

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        x = four_bits(nn.Conv(16, 3, stride=2, name="conv1")(image))
        x = four_bits(nn.Conv(16, 3, name="conv2")(x))
        return nn.Linear(10, name="fc")(nn.flatten(nn.global_average_pool(x)))


def four_bits(x: nn.Tensor) -> nn.Tensor:
    x = nn.clip(x, 0.0, 1.5)
    return x + nn.stop_gradient(nn.round(x * 10.0) / 10.0 - x)


@lru_cache
def graph(network: nn.Network) -> nn.Graph:
    model = nn.trace(network, {"image": nn.batched((1, 8, 8))})
    return nn.compose(model, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})


@lru_cache
def batches() -> Sequence[Mapping[str, Any]]:
    loader = Loader(Digits("train"), 64, training=True, seed=3)
    return tuple(batch for epoch in range(3) for batch in loader.epoch(epoch))[:50]


@pytest.fixture
def ready(backends: Mapping[str, Backend]) -> Ready:
    def made(name: str, rule: Any, seed: int = 0, network: nn.Network = SMOOTH) -> Executable:
        training = graph(network)
        store = backends[name].store(nn.initial_parameters(training, seed))
        return backends[name].compile(training, store, train=TrainSpec(rule))

    return made


def losses(executable: Executable, begin: int, end: int) -> np.ndarray:
    found = [float(executable.train_step(batch).loss) for batch in batches()[begin:end]]
    return np.asarray(found)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Returns the largest relative difference of two curves that move."""
    assert np.ptp(one) > 0.03, "the losses do not move, nothing is compared"
    return float(np.max(np.abs(one - other) / np.abs(one)))


def differences(curves: Mapping[str, np.ndarray], steps: int) -> dict[str, float]:
    """Returns the difference of the first steps of every two frameworks."""
    found = {
        f"{one}-{other}": difference(curves[one][:steps], curves[other][:steps])
        for one, other in combinations(curves, 2)
    }
    print(f"largest relative difference over {steps} steps: {found}")
    return found


@pytest.mark.parametrize("seed", range(5))
def test_losses_of_momentum_agree(backends: Mapping[str, Backend], ready: Ready, seed: int) -> None:
    curves = {name: losses(ready(name, MOMENTUM, seed), 0, 50) for name in backends}
    assert max(differences(curves, 25).values()) < 1e-5
    assert max(differences(curves, 50).values()) < 1e-2


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rule", [Adam(lr=1e-3), AdamW(lr=1e-3)], ids=lambda r: type(r).__name__)
def test_losses_of_adam_agree(
    backends: Mapping[str, Backend], ready: Ready, rule: Any, seed: int
) -> None:
    curves = {name: losses(ready(name, rule, seed), 0, 25) for name in backends}
    assert max(differences(curves, 15).values()) < 1e-5
    assert max(differences(curves, 25).values()) < 1e-4


@pytest.mark.parametrize(
    ("network", "update"),
    [(Quantized(), 1e-3), (ResNet(8, width=8), 2e-2)],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Network) else "",
)
def test_steps_of_networks_with_kinks_agree(
    backends: Mapping[str, Backend], ready: Ready, network: nn.Network, update: float
) -> None:
    """A step at a time: what crosses an edge in one framework alone moves all later steps.

    The rounding of straight-through quantization has such edges, and a rectifier has one at 0,
    where a whole gradient passes or none.
    """
    first, *others = (ready(name, MOMENTUM, network=network) for name in backends)
    moved = []
    for batch in batches()[:10]:
        before = first.store.export()
        loss = float(first.train_step(batch).loss)
        after = first.store.export().parameters
        step = joined(after) - joined(before.parameters)
        moved.append(loss)
        for other in others:
            other.store.load(before)
            assert float(other.train_step(batch).loss) == pytest.approx(loss, rel=1e-5)
            apart = joined(other.store.export().parameters) - joined(after)
            assert np.linalg.norm(apart) <= update * np.linalg.norm(step)
    assert np.ptp(moved) > 0.03


def joined(arrays: Mapping[str, Any]) -> np.ndarray:
    return np.concatenate([arrays[name].ravel() for name in sorted(arrays)])


@pytest.mark.parametrize(
    "rule",
    [MOMENTUM, AdamW(lr=1e-3), RMSprop(lr=1e-3, momentum=0.5), GRDA(lr=0.05, c=1e-3)],
    ids=lambda rule: type(rule).__name__,
)
def test_a_state_goes_on_in_every_other(
    backends: Mapping[str, Backend], ready: Ready, rule: Any, tmp_path: Path
) -> None:
    """Parameters, statistics, slots and position: the next 10 losses are those of the first."""
    image = {"image": batches()[0]["image"]}
    for name in backends:
        begun = ready(name, rule)
        losses(begun, 0, 8)
        file = tmp_path / f"{name}.safetensors"
        digest = save_tensors(file, begun.store.export().to_arrays())
        saved = load_tensors(file, digest)
        outputs = begun.predict(image)["output"]
        assert np.ptp(outputs, axis=0).min() > 1e-3
        expected = losses(begun, 8, 18)
        for other in backends.keys() - {name}:
            going = ready(other, rule, seed=9)
            going.store.load(State.from_arrays(saved))
            again = going.store.export()
            assert again.position == 8
            for key, array in saved.items():
                np.testing.assert_array_equal(again.to_arrays()[key], array, err_msg=key)
            found = going.predict(image)["output"]
            np.testing.assert_allclose(found, outputs, rtol=1e-4, atol=1e-4)
            assert difference(losses(going, 8, 18), expected) < 1e-4, (name, other)
