"""The exporter of ONNX files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest

from vega_core import nn
from vega_core.errors import ModelError
from vega_core.exchange import Exportable, OnnxExporter
from vega_core.exchange.comparison import DisagreementError
from vega_core.exchange.onnx.convert import OPSET
from vega_core.nn.reference import evaluate


class Small(nn.Network):
    def forward(self, image):
        x = nn.relu(nn.BatchNorm(name="norm")(nn.Conv(4, 3, name="conv")(image)))
        return {"image": x, "logits": nn.Linear(3, name="fc")(nn.flatten(x))}


GRAPH = nn.trace(Small(), {"image": nn.batched((2, 5, 5))})
PARAMS = nn.initial_parameters(GRAPH, seed=0)
SAMPLE = {"image": np.random.default_rng(0).standard_normal((8, 2, 5, 5)).astype("float32")}
MODEL = Exportable(
    GRAPH,
    PARAMS,
    SAMPLE,
    lambda batch: evaluate(GRAPH, PARAMS, batch).outputs,
    description={"type": "Small"},
    about={"metrics": {"accuracy": 0.5}},
)


@pytest.mark.parametrize("opset", [18, OPSET])
def test_a_file_that_others_can_read(opset, tmp_path):
    exported = OnnxExporter(opset=opset).export(MODEL, tmp_path / "model.onnx")
    assert exported.error < 1e-5
    assert exported.details == {"opset": opset}
    assert exported.outputs == ("image", "logits")
    model = onnx.load(exported.path)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == opset
    kept = {one.key: one.value for one in model.metadata_props}
    assert kept["vega.description"] == '{"type": "Small"}'
    assert kept["vega.metrics"] == '{"accuracy": 0.5}'


def test_other_parameters_are_found_out(tmp_path):
    moved = {**PARAMS, "fc.bias": PARAMS["fc.bias"] + 0.1}
    with pytest.raises(DisagreementError, match="output 'logits' differs"):
        OnnxExporter().export(replace(MODEL, parameters=moved), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_dead_rectifiers_are_found_out(tmp_path):
    dead = {**PARAMS, "norm.bias": PARAMS["norm.bias"] - 1e3}
    model = replace(
        MODEL, parameters=dead, predict=lambda batch: evaluate(GRAPH, dead, batch).outputs
    )
    with pytest.raises(DisagreementError, match="the check shows nothing: image, logits"):
        OnnxExporter().export(model, tmp_path / "model.onnx")
    exported = OnnxExporter().export(model, tmp_path / "model.onnx", check=False)
    assert exported.error is None


def test_one_output_without_variation_is_named(tmp_path):
    class Anchored(nn.Network):
        def forward(self, x):
            return {"y": nn.Linear(3, name="fc")(x), "zero": x * 0.0}

    graph = nn.trace(Anchored(), {"x": nn.batched((4,))})
    params = nn.initial_parameters(graph, seed=0)
    sample = {"x": np.random.default_rng(0).standard_normal((4, 4)).astype("float32")}
    model = Exportable(graph, params, sample, lambda b: evaluate(graph, params, b).outputs)
    assert OnnxExporter().export(model, tmp_path / "model.onnx").constant == ("zero",)


def test_what_is_too_large_for_a_file(monkeypatch, tmp_path):
    monkeypatch.setattr("vega_core.exchange.onnx.exporter._LIMIT", 100)
    with pytest.raises(ModelError, match="an ONNX file at most 2"):
        OnnxExporter().export(MODEL, tmp_path / "model.onnx")
