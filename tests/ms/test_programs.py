"""Programs: how many are built, for what, and what graph mode compiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("mindspore")

from mindspore.graph import api

from vega_backend_ms.backend import MindSporeBackend
from vega_core import nn
from vega_core.backend import SGD, Executable, TrainSpec
from vega_core.errors import ConfigError, ModelError
from vega_core.testing.backend.models import Controlled, batch, classifier, pictures

TRAIN = TrainSpec(SGD(lr=0.1, momentum=0.9))


def ready(
    backend: MindSporeBackend, graph: nn.Graph, train: TrainSpec | None = TRAIN, seed: int = 0
) -> Executable:
    return backend.compile(graph, backend.store(nn.initial_parameters(graph, seed)), train=train)


def test_trials_that_differ_in_rates_build_one_program(backend: MindSporeBackend) -> None:
    graph = pictures()
    for trial in range(20):
        rule = SGD(lr=0.1 / (trial + 1), momentum=0.04 * trial, weight_decay=1e-3 * trial)
        executable = ready(backend, graph, TrainSpec(rule))
        executable.train_step(batch(graph), {"seed": trial, "drop.rate": 0.01 * trial})
        executable.predict(batch(graph))
    assert backend.compiles == 2


def test_graph_mode_compiles_once_for_all_stores_rates_and_steps(
    compiling: MindSporeBackend,
) -> None:
    """By MindSpore's own account too."""
    graph = classifier(Controlled())
    executable = ready(compiling, graph)
    executable.train_step(batch(graph))
    executable.predict(batch(graph))
    assert compiling.compiles == 2
    known = len(api.ms_compile_cache)
    assert known
    for trial in range(4):
        executable = ready(compiling, graph, TrainSpec(SGD(lr=0.1 / (trial + 1))), seed=trial)
        for step in range(2):
            controls = {"strength": 0.5 * trial, "seed": trial, "mask": np.full(6, 0.5 + step)}
            executable.train_step(batch(graph, seed=step), controls)
        executable.predict(batch(graph), {"strength": float(trial)})
    assert compiling.compiles == 2
    assert len(api.ms_compile_cache) == known


def test_a_partial_batch_compiles_nothing(compiling: MindSporeBackend) -> None:
    graph = pictures(0.0)
    executable = ready(compiling, graph)
    executable.train_step(batch(graph, 8))
    executable.predict(batch(graph, 8))
    known = len(api.ms_compile_cache)
    for size in (8, 5, 3, 8):
        executable.train_step(batch(graph, size))
        executable.predict(batch(graph, size))
    assert len(api.ms_compile_cache) == known
    assert compiling.compiles == 4  # two of them run eagerly


def test_both_modes_train_alike(backend: MindSporeBackend, compiling: MindSporeBackend) -> None:
    """Dropout too: its draws are the same numbers."""
    graph = pictures(0.3)
    one, other = ready(backend, graph), ready(compiling, graph)
    for step in range(4):
        given = batch(graph, 8 if step != 2 else 5, seed=step)
        losses = [float(each.train_step(given, {"seed": 3}).loss) for each in (one, other)]
        assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    expected = one.store.export().parameters
    for name, array in other.store.export().parameters.items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-4, atol=1e-5)


def test_compiled_code_sees_what_a_store_is_given(compiling: MindSporeBackend) -> None:
    """Which MindSpore's own compiled steps do not after `set_data`."""
    graph = pictures(0.0)
    executable, given = ready(compiling, graph), batch(pictures(0.0))
    state, snapshot = executable.store.export(), executable.store.snapshot()
    first = float(executable.train_step(given).loss)
    moved = float(executable.train_step(given).loss)
    assert moved != first
    executable.store.load(state)
    assert float(executable.train_step(given).loss) == pytest.approx(first, rel=1e-6)
    executable.store.restore(snapshot)
    assert float(executable.train_step(given).loss) == pytest.approx(first, rel=1e-6)
    other = ready(compiling, graph, seed=1)
    executable.store.copy_from(other.store, {name: name for name in graph.parameters})
    expected = other.predict(given)["output"]
    np.testing.assert_allclose(executable.predict(given)["output"], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "Ascend:3"}, "no device 'Ascend:3'; it has cpu"),
        ({"device": "cuda"}, "no device 'cuda'; it has cpu"),
        ({"threads": 0}, "threads must be at least 1, not 0"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MindSporeBackend(**options)


@pytest.mark.parametrize("name", ["cpu", "CPU", "cpu:0"])
def test_names_of_a_device(name: str) -> None:
    assert [device.name for device in MindSporeBackend(device=name).devices()] == ["cpu"]


def test_a_store_on_another_device(backend: MindSporeBackend) -> None:
    from vega_core.backend import Device

    with pytest.raises(ModelError, match="one device a process, here cpu, and not on Ascend:0"):
        backend.store({}, Device("Ascend:0", "ascend"))
