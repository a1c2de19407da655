"""Programs: how many are built, and for what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from vega_backend_tf.backend import TensorFlowBackend
from vega_core import nn
from vega_core.backend import SGD, AdamW, Optimizer, TrainSpec
from vega_core.backend.reference import ReferenceUpdate
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.testing.backend.models import Controlled, batch, classifier, pictures

TRAIN = TrainSpec(SGD(lr=0.1, momentum=0.9))


def ready(backend: TensorFlowBackend, graph: nn.Graph, train: TrainSpec | None = TRAIN):
    return backend.compile(graph, backend.store(nn.initial_parameters(graph, 0)), train=train)


def test_trials_that_differ_in_rates_build_one_program(backend: TensorFlowBackend) -> None:
    graph = pictures()
    for trial in range(20):
        rule = SGD(lr=0.1 / (trial + 1), momentum=0.04 * trial, weight_decay=1e-3 * trial)
        executable = ready(backend, graph, TrainSpec(rule))
        executable.train_step(batch(graph), {"seed": trial, "drop.rate": 0.01 * trial})
        executable.predict(batch(graph))
    assert backend.compiles == 2


def test_a_partial_batch_is_one_program_for_all_sizes(backend: TensorFlowBackend) -> None:
    graph = pictures()
    executable = ready(backend, graph)
    counts = []
    for size in (8, 8, 5, 3, 8, 7, 2):
        executable.train_step(batch(graph, size))
        executable.predict(batch(graph, size))
        counts.append(backend.compiles)
    assert counts == [2, 2, 4, 4, 4, 4, 4]


def test_an_open_batch_size_computes_the_same(backend: TensorFlowBackend) -> None:
    graph = pictures(0.0)
    one, other = ready(backend, graph), ready(backend, graph)
    other.train_step(batch(graph, 3), {"lr": 0.0, "momentum": 0.0})
    state = one.store.export()
    for name in ("norm.running_mean", "norm.running_var"):
        assert (other.store.export().parameters[name] != state.parameters[name]).any()
    other.store.load(state)
    for step in range(3):
        given = batch(graph, 8, step)
        results = [executable.train_step(given) for executable in (one, other)]
        np.testing.assert_allclose(results[0]["output"], results[1]["output"], rtol=1e-4, atol=1e-5)
    part = batch(graph, 5)
    np.testing.assert_allclose(
        one.predict(part)["output"], other.predict(part)["output"], rtol=1e-4, atol=1e-5
    )


def test_parts_that_share_a_store_build_their_own(backend: TensorFlowBackend) -> None:
    graph = pictures()
    store = backend.store(nn.initial_parameters(graph, 0))
    for trainable in (("fc.*",), ("conv.*",), ("fc.*",)):
        spec = TrainSpec(SGD(lr=0.1), trainable=trainable)
        backend.compile(graph, store, train=spec).train_step(batch(graph))
    assert backend.compiles == 2


@pytest.mark.parametrize("mode", ["eager", "xla"])
def test_modes_compute_the_same(backend: TensorFlowBackend, mode: str) -> None:
    graph = classifier(Controlled())
    other = TensorFlowBackend(compile=mode)
    train = TrainSpec(AdamW(lr=0.01), clip_norm=0.5)
    executables = [ready(backend, graph, train), ready(other, graph, train)]
    for step in range(4):
        controls = {"strength": 1.0 + step, "mask": np.arange(6, dtype=np.float32), "shift": step}
        one, two = (e.train_step(batch(graph, seed=step), controls) for e in executables)
        np.testing.assert_allclose(one["output"], two["output"], rtol=1e-4, atol=1e-5)
        assert np.ptp(one["output"], axis=0).min() > 1e-3
    one, two = (e.store.export() for e in executables)
    for name, array in one.to_arrays().items():
        np.testing.assert_allclose(two.to_arrays()[name], array, rtol=1e-3, atol=1e-5)


def test_bfloat16_is_less_exact_and_close(backend: TensorFlowBackend) -> None:
    graph = pictures(0.0)
    specs = [TrainSpec(SGD(lr=0.05), precision=p) for p in ("float32", "bfloat16")]
    exact, reduced = (ready(backend, graph, spec).train_step(batch(graph)) for spec in specs)
    assert (exact["output"] != reduced["output"]).any()
    np.testing.assert_allclose(exact["output"], reduced["output"], rtol=0.1, atol=0.05)
    assert reduced["output"].dtype == np.float32


@pytest.mark.parametrize("rate", [-0.5, 1.5, float("nan")])
def test_a_rate_that_is_no_probability_is_told(backend: TensorFlowBackend, rate: float) -> None:
    graph = pictures()
    executable = ready(backend, graph)
    before = executable.store.export()
    message = rf"a dropout rate is in \[0, 1\], and got {rate} for 'drop\.rate'"
    with pytest.raises(ModelError, match=message):
        executable.train_step(batch(graph), {"drop.rate": rate})
    with pytest.raises(ModelError, match=message):
        executable.gradients(batch(graph), {"drop.rate": rate})
    assert executable.store.export().to_arrays().keys() == before.to_arrays().keys()
    for name, array in before.to_arrays().items():
        np.testing.assert_array_equal(executable.store.export().to_arrays()[name], array)
    executable.predict(batch(graph), {"drop.rate": rate})


def test_one_control_may_choose_in_two_places(backend: TensorFlowBackend) -> None:
    """Among two candidates and among three: both, then, have two."""

    class Twice(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            number = nn.control("op", 0, dtype="int64")
            x = number.apply(ops.Choice(), x, x * 2.0)
            return number.apply(ops.Choice(), x, x * 3.0, x * 5.0)

    graph = nn.trace(Twice(), {"x": nn.batched((5,))})
    executable = backend.compile(graph, backend.store({}))
    given = {"x": np.ones((4, 5), np.float32)}
    plain, other = (executable.predict(given, {"op": op})["output"] for op in (0, 1))
    np.testing.assert_allclose(other, 6 * plain, rtol=1e-6)
    with pytest.raises(ModelError, match="choice 'op' has the candidates 0 to 1, and got 2"):
        executable.predict(given, {"op": 2})


class Lion(Optimizer):
    """A rule of a plugin, which knows only NumPy."""

    slots = {"mean": "parameter", "steps": "count"}  # noqa: RUF012
    rates = ("lr", "weight_decay")

    def update(self, parameter: Any, gradient: Any, slots: Any, rates: Any) -> Any:
        assert slots["steps"].dtype == np.int64
        step = np.sign(0.9 * slots["mean"] + 0.1 * gradient)
        mean = 0.99 * slots["mean"] + 0.01 * gradient
        return parameter - rates["lr"] * step, {"mean": mean, "steps": slots["steps"] + 1}


@pytest.mark.parametrize("mode", ["graph", "eager", "xla"])
def test_a_rule_without_a_kernel_runs_by_its_reference(mode: str) -> None:
    graph, backend = pictures(0.0), TensorFlowBackend(compile=mode)
    params = nn.initial_parameters(graph, 0)
    executable = ready(backend, graph, TrainSpec(Lion(lr=0.1)))
    reference = ReferenceUpdate(Lion(lr=0.1), graph.parameters, dict(params))
    for step in range(3):
        gradients = executable.gradients(batch(graph, seed=step))
        arrays = {name: gradients[name] for name in gradients.names}
        executable.apply(gradients)
        reference.step(arrays)
    fused = ready(backend, graph, TrainSpec(Lion(lr=0.1)))
    fused.train_step(batch(graph))
    state = executable.store.export()
    for name in arrays:
        np.testing.assert_allclose(state.parameters[name], reference.params[name], rtol=1e-5)
        assert state.slots[f"{name}/steps"] == 3
        assert fused.store.export().slots[f"{name}/steps"] == 1


COUNTED = """
import os, sys
os.environ["XLA_FLAGS"] = "--xla_dump_to=" + sys.argv[1] + " --xla_dump_hlo_as_text"
from vega_backend_tf.backend import TensorFlowBackend
from vega_core import nn
from vega_core.backend import SGD, TrainSpec
from vega_core.testing.backend.models import batch, pictures
backend, graph = TensorFlowBackend(compile="xla"), pictures()
for trial in range(3):
    store = backend.store(nn.initial_parameters(graph, trial))
    executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1 + trial)))
    for size in (8, 8, 4, 8):
        executable.train_step(batch(graph, size), {"drop.rate": 0.1 * trial})
print(backend.compiles)
"""


@pytest.mark.soak
def test_what_is_counted_is_what_xla_compiles(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COUNTED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    built = {path.name.split(".")[0] for path in tmp_path.glob("module_*before_optimizations.txt")}
    assert int(done.stdout) == len(built) == 2
