"""What was exported is read again: every operator and every network computes the same."""

from __future__ import annotations

import importlib.util

import numpy as np
import onnx
import pytest

from vega_core import nn
from vega_core.exchange import to_onnx
from vega_core.exchange.onnx.convert import MIN_OPSET, OPSET
from vega_core.exchange.onnx.table import FORMS
from vega_core.nn.reference import evaluate
from vega_core.plugins import load_catalog
from vega_core.testing.operators import CASES

CATALOG = load_catalog()
NEWEST = onnx.defs.onnx_opset_version()
EXPORTED = [case for case in CASES.values() if type(case.op) in FORMS]
ON_BATCH = {"range", "constant"}


def read(path, specs, **description):
    return nn.build_graph({"type": "Onnx", "file": str(path), **description}, CATALOG, specs)


def near(given, expected):
    assert list(given) == list(expected)
    for name, wanted in expected.items():
        array = np.asarray(given[name])
        assert (array.shape, array.dtype.kind) == (wanted.shape, wanted.dtype.kind)
        if wanted.dtype.kind != "f":
            np.testing.assert_array_equal(array, wanted)
            continue
        scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
        np.testing.assert_allclose(array, wanted, rtol=1e-4, atol=1e-5 * max(scale, 1e-3))


def check_case(case, opset, tmp_path):
    graph = case.graph()
    params = {
        name: array.astype(graph.parameters[name].dtype) for name, array in case.arrays()[1].items()
    }
    path = tmp_path / "case.onnx"
    onnx.save(to_onnx(graph, params, opset=opset), path)
    inputs = {
        name: array.astype(case.specs[name].dtype) for name, array in case.arrays(1)[0].items()
    }
    again = read(path, case.specs)
    expected = evaluate(graph, params, inputs, mode="eval").outputs
    given = evaluate(again, nn.initial_parameters(again, 0), inputs, mode="eval").outputs
    near(given, expected)
    return graph, again


@pytest.mark.parametrize("case", EXPORTED, ids=str)
def test_an_exported_operator_is_read_again(case, tmp_path):
    graph, again = check_case(case, OPSET, tmp_path)
    assert again.stats().params == graph.in_mode("eval").stats().params


@pytest.mark.soak
@pytest.mark.parametrize("opset", sorted({MIN_OPSET, 20, 21, NEWEST}))
@pytest.mark.parametrize("case", EXPORTED, ids=str)
def test_an_operator_of_another_opset_is_read_again(case, opset, tmp_path):
    check_case(case, opset, tmp_path)


def networks():
    if importlib.util.find_spec("vega_tasks") is None:
        return []
    return [
        {"type": "ResNet", "depth": 20, "num_classes": 7, "width": 4},
        {"type": "PreActResNet", "depth": 11, "num_classes": 7, "width": 4},
        {"type": "WideResNet", "depth": 10, "widen_factor": 1, "num_classes": 7, "dropout": 0.3},
        {"type": "RegNetX", "variant": "200mf", "num_classes": 7, "depth": 4},
        {"type": "EfficientNet", "variant": "b0", "num_classes": 7, "width_multiplier": 0.2},
        {"type": "MobileNetV2", "num_classes": 7, "width_multiplier": 0.2},
        {"type": "MobileNetV3", "variant": "small", "num_classes": 7, "width_multiplier": 0.2},
        {
            "type": "Vgg",
            "depth": 11,
            "num_classes": 7,
            "batch_norm": True,
            "hidden": [16],
            "pool_size": 3,
            "overrides": {"layer*.out_channels": 8},
        },
        {"type": "AlexNet", "num_classes": 7},
        {"type": "SimpleCnn", "channels": [4, 8], "num_classes": 7},
        {"type": "MLP", "hidden": [16], "num_classes": 7},
    ]


@pytest.mark.parametrize("description", networks(), ids=lambda one: one["type"])
def test_an_exported_network_is_read_again(description, tmp_path):
    side = 96 if description["type"] == "AlexNet" else 32
    specs = {"image": nn.batched((3, side, side))}
    graph = nn.build_graph(description, CATALOG, specs)
    params = nn.initial_parameters(graph, seed=1)
    path = tmp_path / "net.onnx"
    onnx.save(to_onnx(graph, params), path)
    again = read(path, specs)
    values = nn.initial_parameters(again, seed=2)
    assert set(values) == set(params)
    for name, array in params.items():
        np.testing.assert_array_equal(values[name], array)
        assert again.parameters[name].kind == graph.parameters[name].kind
    assert again.stats().params == graph.stats().params
    assert again.stats().macs == graph.stats().macs
    image = np.random.default_rng(0).standard_normal((2, 3, side, side)).astype("float32")
    near(
        evaluate(again, values, {"image": image}).outputs,
        evaluate(graph, params, {"image": image}).outputs,
    )
    # And once more: what was read is exported like any other.
    onnx.save(to_onnx(again, values), path)
    third = read(path, specs)
    assert third.hash == again.hash


def test_every_network_of_the_tasks_is_here():
    found = {one.name for one in CATALOG.components("network") if one.plugin.name == "vega-tasks"}
    assert {one["type"] for one in networks()} == found
