"""Models in MindSpore's formats: what the file computes, and what is told where it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import nn as msnn

from vega_backend_ms.export_checkpoint import CheckpointExporter
from vega_backend_ms.export_mindir import MindIRExporter
from vega_core import nn
from vega_core.errors import ModelError
from vega_core.exchange import DisagreementError, Exportable
from vega_core.nn.reference import evaluate
from vega_core.plugins import load_catalog

EXPORTERS = [MindIRExporter, CheckpointExporter]
CATALOG = load_catalog(strict=False)
CLASSES = {"num_classes": 5}
SMALL = [
    {"type": "AlexNet", "overrides": {"conv*.out_channels": 6, "fc?.out_features": 8}},
    {"type": "EfficientNet", "width_multiplier": 0.1, "depth_multiplier": 0.1},
    {"type": "MLP", "hidden": [8]},
    {"type": "MobileNetV2", "width_multiplier": 0.1},
    {"type": "MobileNetV3", "width_multiplier": 0.1},
    {"type": "PreActResNet", "depth": 11, "width": 4},
    {"type": "RegNetX", "depth": 4, "w0": 8, "wa": 8.0, "wm": 2.0, "group_width": 4},
    {"type": "ResNet", "depth": 8, "width": 4},
    {"type": "SimpleCnn", "channels": [4, 6]},
    {"type": "Vgg", "depth": 11, "hidden": [8], "overrides": {"layer*.out_channels": 6}},
    {"type": "WideResNet", "depth": 10, "widen_factor": 1},
]


def exportable(description: dict[str, Any], size: int = 8) -> Exportable:
    description = {**description, **CLASSES}
    graph = nn.build_graph(description, CATALOG, {"image": nn.batched((3, size, size))})
    rng = np.random.default_rng(0)
    image = rng.standard_normal((4, 3, size, size)).astype(np.float32)
    params = nn.initial_parameters(graph, 0)
    if not any(isinstance(node.op, nn.ops.BatchNormalization) for node in graph.nodes):
        params = {name: array * 2 for name, array in params.items()}

    def predict(batch: Any) -> Any:
        return evaluate(graph, params, batch).outputs

    return Exportable(graph, params, {"image": image}, predict, description=description)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MindSpore leaves folders where it runs when it fails."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_it_computes_what_the_model_computes(exporter: Any, tmp_path: Path) -> None:
    exported = exporter().export(exportable(SMALL[7]), tmp_path / f"model{exporter.suffix}")
    assert len(exported.batches) == 2
    assert exported.error is not None
    assert exported.error < 1e-4


def test_mindspore_alone_runs_it_at_any_batch_size(tmp_path: Path) -> None:
    model = exportable(SMALL[7])
    MindIRExporter().export(model, tmp_path / "model.mindir", check=False)
    cell = msnn.GraphCell(ms.load(str(tmp_path / "model.mindir")))
    for size in (1, 3):
        image = model.sample["image"][:size]
        (found,) = cell(ms.Tensor(image))
        expected = model.predict({"image": image})["output"]
        np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-4, atol=1e-5)


def test_a_checkpoint_has_the_graphs_names(tmp_path: Path) -> None:
    model = exportable(SMALL[8])
    CheckpointExporter().export(model, tmp_path / "model.ckpt")
    loaded = ms.load_checkpoint(str(tmp_path / "model.ckpt"))
    for name, array in model.parameters.items():
        assert np.array_equal(loaded[name].asnumpy(), array)


@pytest.mark.parametrize("description", SMALL, ids=lambda one: one["type"])
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_every_network_comes_out_as_it_is(
    exporter: Any, description: dict[str, Any], tmp_path: Path
) -> None:
    size = {"AlexNet": 63, "Vgg": 32, "RegNetX": 32}.get(description["type"], 16)
    exported = exporter().export(exportable(description, size), tmp_path / f"x{exporter.suffix}")
    assert exported.error is not None
    assert exported.error < 1e-4


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_a_damaged_file_is_told(exporter: Any, tmp_path: Path) -> None:
    file = tmp_path / f"model{exporter.suffix}"
    file.write_bytes(b"no model")
    with pytest.raises(DisagreementError, match="MindSpore cannot load"):
        exporter()._load(file, exportable(SMALL[8]).graph)


def test_they_are_components() -> None:
    assert CATALOG.load("exporter", "mindir") is MindIRExporter
    assert CATALOG.load("exporter", "mindspore") is CheckpointExporter


class Own(msnn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.fc = msnn.Dense(6, 3)

    def construct(self, x: Any) -> Any:
        return self.fc(x)


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_a_users_own_cell_is_exported(exporter: Any, tmp_path: Path) -> None:
    from vega_backend_ms.backend import MindSporeBackend

    backend = MindSporeBackend()
    network = MindSporeBackend.network("ms:my_package.Own", Own)()
    graph = network.graph({"x": nn.batched((6,))})
    params = backend.initial_parameters(graph, 0)
    executable = backend.compile(graph, backend.store(params))
    sample = {"x": np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)}
    model = Exportable(graph, params, sample, executable.predict)
    exported = exporter().export(model, tmp_path / f"own{exporter.suffix}")
    assert exported.error is not None
    assert exported.error < 1e-4


class Several(msnn.Cell):
    """Takes its inputs in another order than the network, and one that the network lacks."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = msnn.Dense(6, 3)

    def construct(self, scale: Any, factor: float = 2.0, x: Any = None) -> Any:
        return {"b": self.fc(x) * factor, "a": scale}


def test_inputs_of_a_users_own_cell_go_by_name(tmp_path: Path) -> None:
    from vega_backend_ms.backend import MindSporeBackend

    backend = MindSporeBackend()
    network = MindSporeBackend.network("ms:my_package.Several", Several)()
    graph = network.graph({"x": nn.batched((6,)), "scale": nn.batched((1,))})
    params = backend.initial_parameters(graph, 0)
    executable = backend.compile(graph, backend.store(params))
    rng = np.random.default_rng(0)
    sample = {
        n: rng.standard_normal((4, s)).astype(np.float32) for n, s in (("x", 6), ("scale", 1))
    }
    exported = MindIRExporter().export(
        Exportable(graph, params, sample, executable.predict), tmp_path / "own.mindir"
    )
    assert exported.error is not None
    assert exported.error < 1e-5


def test_what_graph_mode_cannot_follow_is_told(tmp_path: Path) -> None:
    from vega_backend_ms.backend import MindSporeBackend

    class Branches(Own):
        def construct(self, x: Any) -> Any:
            return self.fc(ms.Tensor(x.asnumpy()))

    graph = MindSporeBackend.network("ms:my_package.B", Branches)().graph({"x": nn.batched((6,))})
    params = MindSporeBackend().initial_parameters(graph, 0)
    sample = {"x": np.zeros((4, 6), np.float32)}
    before = ms.get_context("jit_syntax_level")
    with pytest.raises(ModelError, match="MindSpore cannot follow the network"):
        MindIRExporter().export(
            Exportable(graph, params, sample, lambda batch: batch), tmp_path / "x.mindir"
        )
    assert list(tmp_path.iterdir()) == []
    assert ms.get_context("jit_syntax_level") == before
