"""The backend's options: device, threads, mode."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf

from vega_backend_tf import devices
from vega_backend_tf.backend import TensorFlowBackend
from vega_backend_tf.devices import has_bfloat16, tensorflow_name
from vega_core import nn
from vega_core.backend import SGD, Device, TrainSpec
from vega_core.errors import ConfigError, ModelError
from vega_core.plugins.parameters import parameters_of
from vega_core.testing.backend.models import pictures


def test_the_options_are_documented_without_tensorflow() -> None:
    parameters = {one.name: one for one in parameters_of(TensorFlowBackend)}
    assert list(parameters) == ["device", "threads", "compile"]
    assert all(one.doc for one in parameters.values())
    code = "import sys, vega_backend_tf.backend; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_options_that_are_wrong_are_told() -> None:
    with pytest.raises(ConfigError, match="threads must be at least 1, not 0"):
        TensorFlowBackend(threads=0)
    with pytest.raises(ConfigError, match=r"TensorFlow has no device 'cuda:7'; it has .*cpu"):
        TensorFlowBackend(device="cuda:7")
    assert TensorFlowBackend(device="cpu").devices()[0].name == "cpu"
    assert TensorFlowBackend(device="CPU:0").devices()[0].kind == "cpu"


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were two GPUs, of which the first knows no bfloat16."""

    def listed(kind: str) -> list[str]:
        return ["gpu 0", "gpu 1"] if kind == "GPU" else ["cpu"]

    def details(gpu: str) -> dict[str, Any]:
        return {"device_name": gpu.upper(), "compute_capability": (6 + 2 * int(gpu[-1]), 0)}

    monkeypatch.setattr(tf.config, "list_physical_devices", listed)
    monkeypatch.setattr(tf.config.experimental, "get_device_details", details)


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("device", "names"),
    [
        (None, ["cuda:0", "cuda:1", "cpu"]),
        ("cuda", ["cuda:0", "cuda:1", "cpu"]),
        ("cuda:1", ["cuda:1", "cuda:0", "cpu"]),
        ("GPU:1", ["cuda:1", "cuda:0", "cpu"]),
        ("/device:GPU:1", ["cuda:1", "cuda:0", "cpu"]),
        ("cpu", ["cpu", "cuda:0", "cuda:1"]),
    ],
)
def test_the_chosen_device_comes_first(device: str | None, names: list[str]) -> None:
    found = TensorFlowBackend(device=device).devices()
    assert [one.name for one in found] == names
    assert {one.description for one in found} == {"GPU 0", "GPU 1", ""}


@pytest.mark.usefixtures("two_gpus")
def test_names_and_abilities_of_devices() -> None:
    names = [tensorflow_name(one) for one in devices.found()]
    assert names == ["GPU:0", "GPU:1", "CPU:0"]
    assert [has_bfloat16(one) for one in devices.found()] == [False, True, True]
    with pytest.raises(ConfigError, match=r"it has cuda:0 \(GPU 0\), cuda:1 \(GPU 1\), cpu"):
        TensorFlowBackend(device="cuda:2")


def test_stores_live_on_the_chosen_device() -> None:
    backend = TensorFlowBackend(device="cpu")
    store = backend.store({"a": np.ones(3, np.float32)}, Device("cpu", "cpu"))
    assert "CPU:0" in store.variable("a").device  # type: ignore[attr-defined]


def test_a_device_without_bfloat16_refuses_it(
    backend: TensorFlowBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = pictures()
    store = backend.store(nn.initial_parameters(graph, 0))
    spec = TrainSpec(SGD(), precision="bfloat16")
    backend.compile(graph, store, train=spec)
    monkeypatch.setattr("vega_backend_tf.engine.has_bfloat16", lambda _: False)
    with pytest.raises(ModelError, match="does not compute in bfloat16; train with precision: flo"):
        backend.compile(graph, store, train=spec)
    backend.compile(graph, store, train=TrainSpec(SGD()))


def test_threads_are_set_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def number() -> int:
        return 3

    def late(_: int) -> None:
        raise RuntimeError("Intra op parallelism cannot be modified after initialization.")

    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", number)
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", late)
    TensorFlowBackend(threads=3)
    with pytest.raises(ConfigError, match=r"general\.backend\.threads: 2 comes too late"):
        TensorFlowBackend(threads=2)
