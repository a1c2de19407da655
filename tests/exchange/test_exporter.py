"""The contract of exporters: what is written is checked, and nothing is half-written."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import DataError, ModelError, UserError
from vega_core.exchange import Exportable, Exporter
from vega_core.exchange.comparison import DisagreementError
from vega_core.nn.reference import evaluate

GRAPH = nn.trace(nn.Linear(3), {"x": nn.batched((4,))})
PARAMS = nn.initial_parameters(GRAPH, seed=0)
SAMPLE = {"x": np.random.default_rng(0).standard_normal((8, 4)).astype("float32")}
MODEL = Exportable(GRAPH, PARAMS, SAMPLE, lambda batch: evaluate(GRAPH, PARAMS, batch).outputs)


class Matrix(Exporter):
    """Writes the two arrays of a linear network as JSON."""

    suffix = ".json"

    def __init__(self, *, wrong=0.0, fails=None):
        self.wrong, self.fails, self.seen = wrong, fails, []

    def _write(self, model, path):
        weight, bias = model.parameters.values()
        path.write_text(json.dumps([weight.T.tolist(), (bias + self.wrong).tolist()]))
        if self.fails:
            raise self.fails
        return {"layers": 1}

    def _load(self, path, graph):
        weight, bias = map(np.asarray, json.loads(path.read_text()))

        def predict(batch):
            self.seen.append(len(batch["x"]))
            return {"output": (batch["x"] @ weight + bias).astype("float32")}

        return predict


class Folder(Matrix):
    """Writes a folder."""

    suffix = ""
    dynamic = False

    def _write(self, model, path):
        path.mkdir()
        return super()._write(model, path / "model.json")

    def _load(self, path, graph):
        return super()._load(path / "model.json", graph)


def test_what_is_written_is_checked_at_two_batch_sizes(tmp_path):
    exporter = Matrix()
    exported = exporter.export(MODEL, tmp_path / "model.json")
    assert exporter.seen == [8, 3]
    assert exported.batches == (8, 3)
    assert exported.error < 1e-6
    assert (exported.outputs, exported.details) == (("output",), {"layers": 1})
    assert exported.bytes == (tmp_path / "model.json").stat().st_size
    assert [one.name for one in tmp_path.iterdir()] == ["model.json"]


def test_a_format_of_several_files_and_one_batch_size(tmp_path):
    exporter = Folder()
    exported = exporter.export(MODEL, tmp_path / "model")
    assert exporter.seen == [8]
    assert exported.bytes == (tmp_path / "model" / "model.json").stat().st_size
    with pytest.raises(UserError, match="is a folder"):
        exporter.export(MODEL, tmp_path / "model", replace=True)


@pytest.mark.parametrize(
    ("exporter", "error"),
    [
        (Matrix(wrong=0.01), DisagreementError),
        (Matrix(wrong=np.nan), DisagreementError),
        (Matrix(fails=ModelError("no such layer")), ModelError),
        (Matrix(fails=OSError(28, "No space left on device")), UserError),
        (Matrix(fails=KeyboardInterrupt()), KeyboardInterrupt),
        (Folder(wrong=0.01), DisagreementError),
    ],
    ids=["wrong", "nan", "model error", "full disk", "interrupted", "folder"],
)
def test_where_it_fails_nothing_is_left_and_nothing_is_lost(exporter, error, tmp_path):
    target = tmp_path / "model.json"
    target.write_text("old")
    with pytest.raises(error):
        exporter.export(MODEL, target, replace=True)
    with pytest.raises(error):
        exporter.export(MODEL, tmp_path / "new.json")
    assert [one.name for one in tmp_path.iterdir()] == ["model.json"]
    assert target.read_text() == "old"


def test_a_file_and_its_name_are_durable(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    target = tmp_path / "model.json"
    Matrix().export(MODEL, target)
    assert synced == [target.stat().st_ino, tmp_path.stat().st_ino]


def test_without_a_check_it_is_not_run(tmp_path):
    exporter = Matrix(wrong=1.0)
    exported = exporter.export(MODEL, tmp_path / "model.json", check=False)
    assert exporter.seen == []
    assert (exported.error, exported.batches) == (None, ())


def test_a_file_is_replaced_only_where_asked(tmp_path):
    target = tmp_path / "model.json"
    Matrix().export(MODEL, target)
    with pytest.raises(UserError, match="is there already; --force"):
        Matrix().export(MODEL, target)
    Matrix().export(MODEL, target, replace=True)
    with pytest.raises(UserError, match="there is no folder"):
        Matrix().export(MODEL, tmp_path / "none" / "model.json")
    with pytest.raises(UserError, match="is a folder"):
        Matrix().export(MODEL, tmp_path)


@pytest.mark.parametrize("name", ["model.onnx", "model"])
def test_a_file_is_named_as_its_format_says(name, tmp_path):
    message = r"a file of this format ends in \.json; name it .*/model\.json"
    with pytest.raises(UserError, match=message):
        Matrix().export(MODEL, tmp_path / name)
    Matrix().export(MODEL, tmp_path / "model.JSON")
    assert [one.name for one in tmp_path.iterdir()] == ["model.JSON"]


def test_a_folder_is_durable_with_all_that_is_in_it(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))
    target = tmp_path / "model"
    Folder().export(MODEL, target)
    inside = [target, target / "model.json", tmp_path]
    assert {*synced} == {one.stat().st_ino for one in inside}
    assert synced[-1] == tmp_path.stat().st_ino


def test_a_number_may_go_in_and_come_out(tmp_path):
    class Scaled(nn.Network):
        def forward(self, x, factor):
            y = nn.Linear(3, name="fc")(x) * factor
            return {"output": y, "total": nn.reduce_sum(y, (0, 1), keepdims=False)}

    specs = {"x": nn.batched((4,)), "factor": nn.TensorSpec((), "float32")}
    graph = nn.trace(Scaled(), specs)

    class Itself(Matrix):
        def _load(self, path, graph):
            return predict

    def predict(batch):
        return evaluate(graph, params, batch).outputs

    params = nn.initial_parameters(graph, seed=0)
    sample = {**SAMPLE, "factor": np.array(2.0, np.float32)}
    model = Exportable(graph, params, sample, predict)
    exported = Itself().export(model, tmp_path / "model.json")
    assert (exported.batches, exported.constant) == ((8, 3), ())


def test_a_network_of_dead_rectifiers_cannot_be_checked(tmp_path):
    class Dead(nn.Network):
        def forward(self, x):
            return nn.Linear(3, name="out")(nn.relu(nn.Linear(5, name="dead")(x)))

    graph = nn.trace(Dead(), {"x": nn.batched((4,))})
    params = nn.initial_parameters(graph, seed=0)
    params["dead.bias"] = np.full_like(params["dead.bias"], -1e3)

    class Bias(Matrix):
        def _write(self, model, path):
            path.write_text(json.dumps([np.zeros((4, 3)).tolist(), params["out.bias"].tolist()]))
            return {}

    def predict(batch):
        return evaluate(graph, params, batch).outputs

    with pytest.raises(DisagreementError, match="the check shows nothing"):
        Bias().export(Exportable(graph, params, SAMPLE, predict), tmp_path / "model.json")


def test_a_sample_must_fit(tmp_path):
    with pytest.raises(DataError, match="lacks the inputs x"):
        Matrix().export(replace(MODEL, sample={}), tmp_path / "model.json")
    one = {"x": SAMPLE["x"][:1]}
    with pytest.raises(DataError, match="two or more, and got 1"):
        Matrix().export(replace(MODEL, sample=one), tmp_path / "model.json")
    assert list(tmp_path.iterdir()) == []
