"""Every network of vega-tasks in the formats of Keras and TensorFlow."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from vega_backend_tf.backend import TensorFlowBackend
from vega_backend_tf.export_keras import KerasExporter
from vega_backend_tf.export_savedmodel import SavedModelExporter
from vega_backend_tf.export_tflite import TFLiteExporter
from vega_core import nn
from vega_core.exchange import Exportable
from vega_core.plugins import load_catalog

CATALOG = load_catalog()
EXPORTERS = {
    "keras": (KerasExporter, "model.keras"),
    "savedmodel": (SavedModelExporter, "model"),
    "tflite": (TFLiteExporter, "model.tflite"),
}
SHAPES = {"EfficientNet": (3, 64, 64), "MobileNetV2": (3, 64, 64), "MobileNetV3": (3, 64, 64)}
"""Those that leave nothing of a small image: a normalization of one place is ill-conditioned."""

QUICK = [
    {"type": "ResNet", "depth": 8, "num_classes": 7, "width": 4},
    {"type": "PreActResNet", "depth": 11, "num_classes": 7, "width": 4},
    {"type": "WideResNet", "depth": 10, "widen_factor": 1, "num_classes": 7, "dropout": 0.3},
    {"type": "SimpleCnn", "channels": [4, 8], "num_classes": 7},
    {"type": "MLP", "hidden": [16], "num_classes": 7},
    {
        "type": "Vgg",
        "depth": 11,
        "num_classes": 7,
        "batch_norm": True,
        "hidden": [16],
        "pool_size": 3,
        "overrides": {"layer*.out_channels": 8},
    },
]
LONG = [
    {"type": "ResNet", "depth": 50, "num_classes": 7, "width": 4, "stem": "imagenet"},
    {"type": "RegNetX", "variant": "200mf", "num_classes": 7, "depth": 4},
    {"type": "EfficientNet", "variant": "b0", "num_classes": 7, "width_multiplier": 0.2},
    {"type": "MobileNetV2", "num_classes": 7, "width_multiplier": 0.2},
    {"type": "MobileNetV3", "variant": "small", "num_classes": 7, "width_multiplier": 0.2},
    {"type": "MobileNetV3", "variant": "large", "num_classes": 7, "width_multiplier": 0.2},
    {"type": "AlexNet", "num_classes": 7},
]


def label(description):
    size = description.get("depth", description.get("variant", ""))
    return f"{description['type']}-{size}"


def calibrated(graph, images):
    """Parameters as a trained network may have: running statistics of the images, weak branches.

    With random statistics every rectifier may be dead, and the output the last bias.
    """
    params = nn.initial_parameters(graph, seed=0)
    made = {node.name: node for node in graph.nodes}
    for node in graph.nodes:
        for last in (made[value] for value in node.inputs if value in made):
            added = isinstance(node.op, nn.ops.Add) and "shortcut" not in last.name
            if added and isinstance(last.op, nn.ops.BatchNormalization):
                params[last.params["weight"]] *= 0.2
    nodes = [
        replace(node, op=replace(node.op, momentum=1.0))
        if isinstance(node.op, nn.ops.BatchNormalization)
        else node
        for node in graph.nodes
    ]
    model = TensorFlowBackend().native(replace(graph, nodes=tuple(nodes)), params)
    model(images, training=True)
    return {weight.name: weight.numpy() for weight in model.weights}


@lru_cache(maxsize=1)
def exportable(place):
    description = [*QUICK, *LONG][place]
    shape = SHAPES.get(description["type"], (3, 32, 32))
    shape = (3, 128, 128) if description["type"] == "AlexNet" else shape
    graph = nn.build_graph(description, CATALOG, {"image": shape})
    images = np.random.default_rng(0).standard_normal((12, *shape)).astype("float32")
    params = calibrated(graph, images)
    backend = TensorFlowBackend()
    executable = backend.compile(graph, backend.store(params))
    return Exportable(graph, params, {"image": images}, executable.predict, description=description)


def test_every_network_is_here():
    ours = {one.name for one in CATALOG.components("network") if one.plugin.name == "vega-tasks"}
    assert {description["type"] for description in [*QUICK, *LONG]} == ours


@pytest.mark.parametrize("name", EXPORTERS)
@pytest.mark.parametrize(
    "place",
    [
        pytest.param(place, id=label(one), marks=pytest.mark.soak if one in LONG else ())
        for place, one in enumerate([*QUICK, *LONG])
    ],
)
def test_networks_come_out_as_they_are(place, name, tmp_path):
    exporter, file = EXPORTERS[name]
    exported = exporter().export(exportable(place), tmp_path / file)
    assert exported.batches == (12, 5)
    assert exported.error < 1e-4  # the check itself demands that outputs vary
    assert exported.constant == ()
