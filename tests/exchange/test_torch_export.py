"""The exporter of PyTorch programs: PyTorch alone loads and runs what it writes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.exchange import Exportable
from vega_core.exchange.comparison import DisagreementError
from vega_core.nn.reference import evaluate
from vega_core.plugins import load_catalog

torch = pytest.importorskip("torch")
export = pytest.importorskip("vega_backend_torch.export")


class Pair(nn.Network):
    def forward(self, image, extra):
        x = nn.BatchNorm(name="norm")(nn.Conv(4, 3, padding=0, name="conv")(image))
        x = nn.Dropout(0.5, name="drop")(nn.relu(x)) * nn.control("scale", 2.0)
        rows = nn.reshape(x, -1, 2 * 9)
        scores = nn.reshape(nn.Linear(3, name="fc")(rows), -1, 2, 3)
        return {"scores": scores, "sum": nn.flatten(x) + extra}


SPECS = {"image": nn.batched((2, 5, 5)), "extra": nn.batched((1,))}
GRAPH = nn.trace(Pair(), SPECS)
PARAMS = nn.initial_parameters(GRAPH, seed=0)
RNG = np.random.default_rng(0)
SAMPLE = {n: RNG.standard_normal((8, *s.shape[1:])).astype("float32") for n, s in SPECS.items()}
MODEL = Exportable(
    GRAPH,
    PARAMS,
    SAMPLE,
    lambda batch: evaluate(GRAPH, PARAMS, batch).outputs,
    description={"type": "Pair"},
)

ALONE = """\
import sys, numpy as np, torch
program = torch.export.load("model.pt2")
batch = np.load("batch.npz")
outputs = program.module()(torch.from_numpy(batch["image"]), torch.from_numpy(batch["extra"]))
np.savez("outputs.npz", **{name: one.detach().numpy() for name, one in outputs.items()})
assert not [name for name in sys.modules if name.startswith("vega")]
"""


def test_pytorch_alone_runs_it_at_any_batch_size(tmp_path):
    exported = export.TorchExporter().export(MODEL, tmp_path / "model.pt2")
    assert exported.error < 1e-5
    assert exported.batches == (8, 3)
    batch = {name: array[:1] for name, array in SAMPLE.items()}
    np.savez(tmp_path / "batch.npz", **batch)
    subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, check=True)
    given = np.load(tmp_path / "outputs.npz")
    for name, wanted in evaluate(GRAPH, PARAMS, batch).outputs.items():
        np.testing.assert_allclose(given[name], wanted, rtol=1e-4, atol=1e-5)


def test_the_state_dict_has_the_graphs_names(tmp_path):
    export.TorchExporter().export(MODEL, tmp_path / "model.pt2")
    extra = {"vega.json": ""}
    program = torch.export.load(tmp_path / "model.pt2", extra_files=extra)
    assert set(program.state_dict) == set(PARAMS)
    for name, array in PARAMS.items():
        np.testing.assert_array_equal(program.state_dict[name].detach().numpy(), array)
    assert json.loads(extra["vega.json"])["description"] == {"type": "Pair"}


def test_what_torch_cannot_follow_is_a_typed_error(monkeypatch, tmp_path):
    def fails(*_, **__):
        raise RuntimeError("data-dependent")

    monkeypatch.setattr(torch.export, "export", fails)
    with pytest.raises(
        ModelError, match=r"torch\.export cannot follow the network: data-dependent"
    ):
        export.TorchExporter().export(MODEL, tmp_path / "model.pt2")
    assert list(tmp_path.iterdir()) == []


def test_it_is_a_component():
    assert load_catalog().load("exporter", "torch") is export.TorchExporter


class Own(torch.nn.Module):
    """A user's own module: statistics, dropout, a tensor that is no part of its state."""

    def __init__(self, hidden=6):
        super().__init__()
        self.one = torch.nn.Linear(8, hidden)
        self.norm = torch.nn.BatchNorm1d(hidden)
        self.drop = torch.nn.Dropout(0.5)
        self.two = torch.nn.Linear(hidden, 3)
        self.register_buffer("scale", torch.full((1,), 2.0), persistent=False)

    def forward(self, image, extra=None):
        x = self.norm(torch.relu(self.one(image.flatten(1))))
        x = x if extra is None else x + extra
        return {"output": self.two(self.drop(x)) * self.scale, "none": None}


class Head(nn.Network):
    def forward(self, x):
        return nn.Linear(5, name="scores")(nn.relu(x))


class Catalog:
    def load(self, kind, name):
        backend = pytest.importorskip("vega_backend_torch.backend").TorchBackend
        return Head if name == "Head" else backend.network(name, Own)


AMONG = {"modules": ["body", "head"], "body": {"type": "torch:a.Own"}, "head": {"type": "Head"}}


@pytest.mark.parametrize(
    ("description", "inputs"),
    [
        ({"type": "torch:a.Own", "hidden": 4}, {"image": (2, 4)}),
        ({"type": "torch:a.Own"}, {"image": (2, 4), "extra": (1,)}),
        (AMONG, {"image": (2, 4)}),
    ],
    ids=["alone", "two inputs", "among others"],
)
@pytest.mark.parametrize("check", [True, False])
def test_a_users_own_module_is_exported(description, inputs, check, tmp_path):
    backend = pytest.importorskip("vega_backend_torch.backend").TorchBackend()
    graph = nn.build_graph(description, Catalog(), inputs)
    params = backend.initial_parameters(graph, 1)
    predict = backend.compile(graph, backend.store(params)).predict
    sample = {n: RNG.standard_normal((8, *shape)).astype("float32") for n, shape in inputs.items()}
    model = Exportable(graph, params, sample, predict)
    exported = export.TorchExporter().export(model, tmp_path / "own.pt2", check=check)
    if check:
        assert exported.error < 1e-5
        assert exported.batches == (8, 3)
    program = torch.export.load(tmp_path / "own.pt2")
    assert {*params} <= {*program.state_dict}
    given = program.module()(*(torch.from_numpy(sample[name][:5]) for name in inputs))
    expected = predict({name: array[:5] for name, array in sample.items()})["output"]
    np.testing.assert_allclose(given.detach(), expected, rtol=1e-4, atol=1e-5)


def test_a_file_that_cannot_be_loaded_is_a_typed_error(monkeypatch, tmp_path):
    def fails(*_, **__):
        raise RuntimeError("no such operator")

    monkeypatch.setattr(torch.export, "load", fails)
    with pytest.raises(DisagreementError, match="PyTorch cannot load the program: no such"):
        export.TorchExporter().export(MODEL, tmp_path / "model.pt2")
    assert list(tmp_path.iterdir()) == []
