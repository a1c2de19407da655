"""The backend's options: device, threads, compilation, memory order."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from vega_backend_torch import devices
from vega_backend_torch.backend import TorchBackend
from vega_core import nn
from vega_core.backend import SGD, TrainSpec
from vega_core.errors import ConfigError, ModelError
from vega_core.plugins.parameters import parameters_of

LABEL = {"label": nn.batched((), "int64")}


class Net(nn.Network):
    """A convolution, dropout, a control, and a head."""

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        x = nn.BatchNorm(name="norm")(nn.Conv(4, 3, name="conv")(image))
        x = nn.Dropout(0.3, name="drop")(nn.relu(x)) * nn.control("scale", 1.0)
        return nn.Linear(10, name="fc")(nn.flatten(x))


def graph(network: nn.Network | None = None) -> nn.Graph:
    model = nn.trace(network or Net(), {"image": nn.batched((1, 8, 8))})
    return nn.compose(model, nn.losses.CrossEntropy(), LABEL)


def batch(step: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(step)
    return {
        "image": rng.standard_normal((16, 1, 8, 8)).astype(np.float32),
        "label": rng.integers(0, 10, 16),
    }


def losses(backend: TorchBackend, training: nn.Graph, **controls: Any) -> list[float]:
    store = backend.store(nn.initial_parameters(training, 0))
    executable = backend.compile(training, store, train=TrainSpec(SGD(lr=0.1, momentum=0.9)))
    found = []
    for step in range(6):
        given = {"seed": 3, "scale": 1 + 0.1 * step, "drop.rate": 0.02 * step, **controls}
        found.append(float(executable.train_step(batch(step), given).loss))
    return [*found, float(executable.predict(batch(9))["loss"])]


def test_the_options_are_documented_without_pytorch() -> None:
    parameters = {one.name: one for one in parameters_of(TorchBackend)}
    assert list(parameters) == ["device", "threads", "compile", "channels_last"]
    assert all(one.doc for one in parameters.values())
    code = "import sys, vega_backend_torch.backend; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_device_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"no device 'cuda:77'; it has .*cpu"):
        TorchBackend(device="cuda:77")
    with pytest.raises(ConfigError, match=r"threads must be at least 1, not 0"):
        TorchBackend(threads=0)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were two GPUs, of which the first knows no bfloat16."""

    def properties(index: int) -> Any:
        return SimpleNamespace(total_memory=2**30, name=f"GPU {index}")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", properties)


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("device", "names"),
    [
        (None, ["cuda:0", "cuda:1", "cpu"]),
        ("cuda", ["cuda:0", "cuda:1", "cpu"]),
        ("cuda:1", ["cuda:1", "cuda:0", "cpu"]),
        ("cpu", ["cpu", "cuda:0", "cuda:1"]),
    ],
)
def test_the_chosen_device_comes_first(device: str | None, names: list[str]) -> None:
    found = TorchBackend(device=device).devices()
    assert [one.name for one in found] == names
    assert {one.description for one in found} == {"GPU 0", "GPU 1", ""}


@pytest.mark.usefixtures("two_gpus")
def test_stores_live_on_the_chosen_device() -> None:
    backend = TorchBackend(device="cpu")
    store = backend.store({"a": np.ones(3, np.float32)})
    assert store.placement.device == torch.device("cpu")  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"it has cuda:0 \(GPU 0\), cuda:1 \(GPU 1\), cpu"):
        TorchBackend(device="cuda:2")


def test_a_device_without_bfloat16_refuses_it(
    backend: TorchBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = graph()
    store = backend.store(nn.initial_parameters(training, 0))
    spec = TrainSpec(SGD(), precision="bfloat16")
    backend.compile(training, store, train=spec)
    assert devices.has_bfloat16(torch.device("cpu"))
    monkeypatch.setattr("vega_backend_torch.engine.has_bfloat16", lambda _: False)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Tesla P100")
    with pytest.raises(ModelError, match=r"cpu \(Tesla P100\) does not compute in bfloat16"):
        backend.compile(training, store, train=spec)
    backend.compile(training, store, train=TrainSpec(SGD()))


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_threads_are_set() -> None:
    TorchBackend(threads=2)
    assert torch.get_num_threads() == 2
    TorchBackend()
    assert torch.get_num_threads() == 2


def test_the_memory_order_changes_rounding_alone() -> None:
    training = graph()
    last, first = TorchBackend(), TorchBackend(channels_last=False)
    one, two = (losses(backend, training, **{"drop.rate": 0.0}) for backend in (last, first))
    assert one == pytest.approx(two, rel=1e-4)
    for backend, expected in ((last, True), (first, False)):
        store = backend.store({"w": np.ones((4, 3, 3, 3), np.float32)})
        tensor = store.tensor("w")  # type: ignore[attr-defined]
        assert tensor.is_contiguous(memory_format=torch.channels_last) == expected


def test_auto_runs_programs_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_(*_: Any, **__: Any) -> Any:
        raise AssertionError("torch.compile was called")

    monkeypatch.setattr(torch, "compile", compile_)
    for option in ("auto", False):
        losses(TorchBackend(compile=option), graph())  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match=r"torch\.compile was called"):
        losses(TorchBackend(compile=True), graph())


def test_a_graph_with_choices_is_never_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    class Chooses(nn.Network):
        def forward(self, image: nn.Tensor) -> nn.Tensor:
            x = nn.Dropout(0.1, name="drop")(nn.flatten(image) * nn.control("scale", 1.0))
            return nn.choice("op", [nn.Linear(10), nn.Linear(10)], x)

    monkeypatch.setattr(torch, "compile", None)
    backend = TorchBackend(compile=True)
    found = {tuple(losses(backend, graph(Chooses()), op=op)) for op in (0, 1)}
    assert len(found) == 2
    assert backend.compiles == 2


@pytest.mark.soak
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")
def test_compiled_programs_compute_the_same_and_controls_compile_once() -> None:
    from torch._dynamo.utils import counters

    training = graph()
    expected = losses(TorchBackend(), training)
    backend = TorchBackend(compile=True)
    assert losses(backend, training) == pytest.approx(expected, rel=1e-4)
    before = counters["stats"]["unique_graphs"]
    assert before > 0
    assert losses(backend, training) == pytest.approx(expected, rel=1e-4)
    assert counters["stats"]["unique_graphs"] == before
