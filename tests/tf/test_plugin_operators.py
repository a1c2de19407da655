"""Operators of plugins: lowered by a function that their own package names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from vega_backend_tf.backend import TensorFlowBackend
from vega_core import nn
from vega_core.backend import SGD, TrainSpec
from vega_core.errors import ModelError
from vega_core.nn.initializers import Normal
from vega_core.nn.primitive import Call, ParameterSpec, Primitive
from vega_core.nn.tracing import current

LOWERED = '''
import tensorflow as tf


def scaled(op, inputs, params, key):
    """Counts the batches in training, as the operator's updates do."""
    (x,) = inputs
    return x * params["scale"] ** op.power, {"seen": params["seen"] + 1.0}


def halves(op, inputs, params, key):
    (x,) = inputs
    return x[:, : op.at], x[:, op.at :] + tf.random.stateless_uniform((), key)
'''


@dataclass(frozen=True)
class Scaled(Primitive):
    """Multiplies with a power of a parameter."""

    lowerings: ClassVar[Mapping[str, str]] = {"tensorflow": "lowered_for_tf_test:scaled"}

    power: int = 2

    def infer(self, *inputs: nn.TensorSpec) -> tuple[nn.TensorSpec, ...]:
        return inputs

    def parameters(self, *inputs: nn.TensorSpec) -> Mapping[str, ParameterSpec]:
        return {
            "scale": ParameterSpec(inputs[0].shape[1:], Normal(1.0)),
            "seen": ParameterSpec((), kind="statistic"),
        }

    def reference(self, call: Call) -> tuple[Any, ...]:
        return (call.inputs[0] * call.params["scale"] ** self.power,)


@dataclass(frozen=True)
class Halves(Primitive):
    """Two outputs; the second is moved by a draw."""

    lowerings: ClassVar[Mapping[str, str]] = {"tensorflow": "lowered_for_tf_test:halves"}

    at: int

    def infer(self, *inputs: nn.TensorSpec) -> tuple[nn.TensorSpec, ...]:
        (x,) = inputs
        rest = x.shape[1] - self.at
        return nn.TensorSpec((x.shape[0], self.at)), nn.TensorSpec((x.shape[0], rest))

    def reference(self, call: Call) -> tuple[Any, ...]:
        raise NotImplementedError


@dataclass(frozen=True)
class Foreign(Scaled):
    """Has a lowering for another framework alone."""

    lowerings: ClassVar[Mapping[str, str]] = {"jax": "nowhere:scaled"}


@dataclass(frozen=True)
class Lost(Scaled):
    """Has a lowering that is not there."""

    lowerings: ClassVar[Mapping[str, str]] = {"tensorflow": "lowered_nowhere:scaled"}


class Net(nn.Network):
    """The operator on pictures, between layers that hold them with their channels last."""

    op: Primitive

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        class Own(nn.Operator):
            def forward(self, x: nn.Tensor) -> nn.Tensor:
                return x.apply(op)

        op = self.op
        x = Own(name="own")(nn.Conv(2, 1, name="conv")(x))
        return nn.Linear(3, name="fc")(nn.flatten(nn.average_pool(x, 2)))


class Split(nn.Network):
    def forward(self, x: nn.Tensor) -> nn.Tensor:
        one, two = current().emit(Halves(1), (nn.flatten(x),))
        return nn.Linear(3, name="fc")(nn.concat([two, one], 1))


@pytest.fixture(autouse=True)
def lowered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lowered_for_tf_test.py").write_text(LOWERED)
    monkeypatch.syspath_prepend(tmp_path)


def graph(network: nn.Network) -> nn.Graph:
    model = nn.trace(network, {"x": nn.batched((2, 4, 6))})
    return nn.compose(model, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})


def batch() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"x": rng.normal(size=(6, 2, 4, 6)).astype(np.float32), "label": rng.integers(0, 3, 6)}


@pytest.mark.parametrize("statistics", [("*",), ()])
def test_an_operator_with_a_lowering_trains(
    backend: TensorFlowBackend, statistics: tuple[str, ...]
) -> None:
    """It sees arrays, and parameters, with the graph's order of axes."""
    training = graph(Net(Scaled()))
    params = nn.initial_parameters(training, 0)
    store = backend.store(params)
    spec = TrainSpec(SGD(lr=0.1), statistics=statistics)
    executable = backend.compile(training, store, train=spec)
    first = float(executable.train_step(batch()).loss)
    for _ in range(20):
        last = float(executable.train_step(batch()).loss)
    assert last < 0.8 * first
    after = store.export().parameters
    assert (after["own.scale"] != params["own.scale"]).all()
    assert after["own.seen"] == (21 if statistics else 0)
    output = executable.predict(batch())["output"]
    kernel = after["conv.weight"][:, :, 0, 0]
    x = np.einsum("nchw,oc->nohw", batch()["x"], kernel) + after["conv.bias"][:, None, None]
    x = x * after["own.scale"] ** 2
    pooled = x.reshape(6, 2, 2, 2, 3, 2).mean((3, 5)).reshape(6, -1)
    expected = pooled @ after["fc.weight"].T + after["fc.bias"]
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)
    assert np.ptp(output, axis=0).min() > 0.1
    assert after["own.seen"] == store.export().parameters["own.seen"]


def test_an_operator_may_have_several_outputs_and_draw(backend: TensorFlowBackend) -> None:
    training = graph(Split())
    executable = backend.compile(
        training, backend.store(nn.initial_parameters(training, 0)), train=TrainSpec(SGD())
    )
    outputs = [
        executable.train_step(batch(), {"seed": seed, "step": 0, "lr": 0.0})["output"]
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


@pytest.mark.parametrize("trains", [True, False])
@pytest.mark.parametrize(
    ("op", "message"),
    [
        (Foreign(), r"own: .* no lowering of Foreign \(from .*\); it has lowerings for jax"),
        (Lost(), r"own: the lowering of Lost .* cannot be imported: No module named 'lowered_now"),
    ],
)
def test_an_operator_without_a_lowering_is_refused_before_training(
    backend: TensorFlowBackend, op: Primitive, message: str, trains: bool
) -> None:
    training = graph(Net(op))
    store = backend.store(nn.initial_parameters(training, 0))
    with pytest.raises(ModelError, match=message):
        backend.compile(training, store, train=TrainSpec(SGD()) if trains else None)
    assert backend.compiles == 0
