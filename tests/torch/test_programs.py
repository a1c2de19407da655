"""Which programs are built, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch

from vega_backend_torch.backend import TorchBackend
from vega_backend_torch.fixed import Fixed
from vega_backend_torch.generate import generate
from vega_core import nn
from vega_core.backend import SGD, Adam, AdamW, TrainSpec
from vega_core.backend.slots import SlotForm
from vega_core.errors import ModelError
from vega_core.nn import ops

LABEL = {"label": nn.batched((), "int64")}
BATCH = {"x": np.ones((4, 5), np.float32), "label": np.zeros(4, np.int64)}


class Twice(nn.Network):
    """One control chooses in two places, among two candidates and among three."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        number = nn.control("op", 0, dtype="int64")
        x = nn.BatchNorm(name="norm")(nn.Linear(5, name="fc")(x))
        x = number.apply(ops.Choice(), x, x * 2.0)
        return number.apply(ops.Choice(), x, x * 3.0, x * 5.0)


def graph(network: nn.Network | None = None) -> nn.Graph:
    model = nn.trace(network or Twice(), {"x": nn.batched((5,))})
    return nn.compose(model, nn.losses.CrossEntropy(), LABEL)


def test_a_choice_in_two_places_has_the_candidates_of_both(backend: TorchBackend) -> None:
    assert nn.candidates(graph()) == {"op": 2}
    store = backend.store(nn.initial_parameters(graph(), 0))
    executable = backend.compile(graph(), store, train=TrainSpec(SGD()))
    plain, other = (executable.predict(BATCH, {"op": op})["output"] for op in (0, 1))
    np.testing.assert_allclose(other, 6 * plain, rtol=1e-6)
    before = store.export().parameters["norm.running_mean"]
    message = "choice 'op' has the candidates 0 to 1, and got 2"
    with pytest.raises(ModelError, match=message):
        executable.train_step(BATCH, {"op": 2})
    np.testing.assert_array_equal(store.export().parameters["norm.running_mean"], before)
    with pytest.raises(ModelError, match=message):
        nn.specialised(graph(), {"op": 2})


def test_a_single_candidate_is_no_branch(backend: TorchBackend) -> None:
    class Single(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.choice("op", [lambda y: y * 2.0], x)

    model = nn.trace(Single(), {"x": nn.batched((5,))})
    assert "if" not in generate(model.in_mode("eval")).source
    outputs = backend.compile(model, backend.store({})).predict(BATCH)["output"]
    np.testing.assert_array_equal(outputs, np.full((4, 5), 2.0))


def test_a_program_is_shared_by_whatever_does_not_decide_it(backend: TorchBackend) -> None:
    store = backend.store(nn.initial_parameters(graph(), 0))
    for spec in (
        TrainSpec(SGD()),
        TrainSpec(SGD(nesterov=True, momentum=0.9)),
        TrainSpec(Adam(), clip_norm=1.0),
        TrainSpec(AdamW(lr=0.1)),
    ):
        backend.compile(graph(), store, train=spec).train_step(BATCH)
    assert backend.compiles == 1
    backend.compile(graph(), store, train=TrainSpec(SGD(), statistics=()))
    assert backend.compiles == 2


def test_a_prediction_that_is_known_looks_at_no_graph(
    backend: TorchBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = backend.store(nn.initial_parameters(graph(), 0))
    first = backend.compile(graph(), store).predict(BATCH)["output"]
    again = backend.compile(graph(), store)
    monkeypatch.setattr(nn.Graph, "restricted", None)
    np.testing.assert_array_equal(again.predict(BATCH)["output"], first)


def test_a_constant_that_a_prediction_asked_for_first_can_be_trained_with() -> None:
    device, fixed = torch.device("meta"), Fixed((1.0, 2.0), "float32")
    with torch.inference_mode():
        fixed.on(device)
    (torch.ones(2, device=device, requires_grad=True) * fixed.on(device)).sum().backward()


@pytest.mark.parametrize("rate", [-0.5, 1.5, float("nan")])
def test_a_rate_that_is_no_probability_is_told(backend: TorchBackend, rate: float) -> None:
    class Drops(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(3, name="fc")(nn.Dropout(0.5, name="drop")(x))

    training = graph(Drops())
    store = backend.store(nn.initial_parameters(training, 0))
    executable = backend.compile(training, store, train=TrainSpec(SGD()))
    with pytest.raises(ModelError, match=rf"a dropout rate is in \[0, 1\], and got {rate}"):
        executable.train_step(BATCH, {"drop.rate": rate})


@dataclass(frozen=True, kw_only=True)
class Warming(SGD):
    """Looks its rate up by the number of steps, which only a whole number can."""

    slots: ClassVar[dict[str, SlotForm]] = {"velocity": "parameter", "steps": "count"}

    def update(self, parameter, gradient, slots, rates):  # type: ignore[no-untyped-def]
        rate = np.asarray([0.0, 1.0])[slots["steps"]]
        assert slots["steps"].dtype == np.int64
        return parameter - rate * gradient, {**slots, "steps": slots["steps"] + 1}


def test_a_rule_in_numpy_sees_counts_as_whole_numbers(backend: TorchBackend) -> None:
    store = backend.store(nn.initial_parameters(graph(), 0))
    executable = backend.compile(graph(), store, train=TrainSpec(Warming()))
    for _ in range(2):
        executable.train_step(BATCH)
    assert store.export().slots["fc.weight/steps"] == 2
