from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import DataError, ModelError
from vega_core.measure.sample import sample
from vega_core.measure.table import LatencyTable, measure_table
from vega_core.measure.units import units
from vega_core.nn.reference import evaluate

pytest.importorskip("vega_tasks")
from vega_tasks.classification.networks import MLP, ResNet


def resnet(depth=8, width=8):
    network = ResNet(depth=depth, width=width, num_classes=10)
    return nn.trace(network, {"image": nn.batched((3, 8, 8))})


def table(graph, milliseconds=1.0):
    operators = {unit.signature: milliseconds for unit in units(graph)}
    return LatencyTable(operators, 1, 1, "none")


def test_units_are_the_layers_with_their_norms_and_rectifiers():
    names = [unit.signature.partition("(")[0] for unit in units(resnet())]
    # Nine convolutions with 2 shortcuts more where the stage changes, and a classifier.
    assert names.count("Conv") == 9
    assert names.count("Add") == 3
    assert names.count("Gemm") == 1
    assert not {"BatchNormalization", "Relu"} & set(names)


def test_a_unit_runs_alone():
    for unit in units(resnet()):
        batch = sample(unit.graph.inputs, 2)
        found = evaluate(unit.graph, nn.initial_parameters(unit.graph, 0), batch)
        assert np.isfinite(found.outputs["output"]).all()


def test_estimates_add_up():
    graph = resnet()
    count = len(list(units(graph)))
    assert table(graph).estimate(graph) == count
    assert replace(table(graph), scale=0.5, offset_ms=3).estimate(graph) == count / 2 + 3


def test_calibration_finds_the_factor_that_measurements_had():
    graphs = [resnet(depth) for depth in (14, 20, 26)]
    whole = replace(table(graphs[0]), offset_ms=2.0)
    measured = [2 + 0.7 * len(list(units(graph))) for graph in graphs]
    found = whole.calibrated(graphs, measured)
    assert found.scale == pytest.approx(0.7)
    assert found.errors == pytest.approx([0, 0, 0])


def test_what_the_table_lacks_is_named():
    wide = resnet(width=12)
    with pytest.raises(ModelError, match=r"lacks Conv\(out_channels=12.*vega latency-table"):
        table(resnet()).estimate(wide)


def damaged(**changed):
    good = {"operators": {}, "batch": 1, "threads": 1, "runtime": "", "scale": 1, "offset_ms": 0}
    return json.dumps({"format": 1, **good, "errors": [], **changed})


def test_a_table_round_trips_through_its_file(tmp_path):
    before = replace(table(resnet()), scale=0.25, errors=[0.5])
    before.save(tmp_path / "table.json")
    assert LatencyTable.load(tmp_path / "table.json") == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table"),
        ("[1]", "no table"),
        ("{}", "no table"),
        ('{"format": 2}', "another format"),
        ('{"format": 1, "operators": {}}', "no table"),
        ("[" * 100_000, "no table"),
        (damaged(operators={"a": "b"}), "could not convert"),
        (damaged(operators={"a": float("nan")}), "nan is no time"),
        (damaged(operators={"a": -1.0}), "-1.0 is no time"),
        (damaged(scale="x"), "could not convert"),
        (damaged(errors=3), "not iterable"),
        (damaged(unknown=3), "unknown"),
    ],
)
def test_other_files_are_refused(tmp_path, text, said):
    path = tmp_path / "table.json"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        LatencyTable.load(path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        LatencyTable.load(tmp_path / "none.json")


def test_measured_tables_tell_large_networks_from_small():
    pytest.importorskip("onnxruntime")
    graphs = [
        nn.trace(MLP(hidden=[width], num_classes=10), {"x": nn.batched((64,))})
        for width in (8, 2048)
    ]
    small, large = map(measure_table(graphs, max_seconds=0.2).estimate, graphs)
    assert small < large


def test_the_command_measures_a_search_space(tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    from vega_core.cli.main import execute as vega

    config = {
        "pipeline": ["search"],
        "search": {
            "pipe_step": {"type": "SearchPipeStep"},
            "dataset": {"type": "Digits"},
            "model": {"type": "MLP", "hidden": [8], "num_classes": "auto"},
            "trainer": {"type": "Trainer", "epochs": 1},
            "evaluator": {"type": "LatencyEstimate", "table": "table.json"},
            "objectives": {"accuracy": "max"},
            "search_algorithm": {"type": "RandomSearch"},
            "search_space": {
                "hyperparameters": [
                    {"key": "model.hidden", "type": "CATEGORY", "range": [[4], [8]]}
                ]
            },
        },
    }
    path, out = tmp_path / "run.yml", tmp_path / "table.json"
    path.write_text(json.dumps(config))
    arguments = ["latency-table", str(path), "-o", str(out), "--samples", "9"]
    assert vega([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["networks"] == 2
    assert told["operators"] == len(LatencyTable.load(out).operators)
    assert vega(arguments) == 2
    assert "--force" in capsys.readouterr().err
    assert vega([*arguments, "--force", "--step", "serch"]) == 2
    assert "no step 'serch' searches over a model; did you mean" in capsys.readouterr().err
