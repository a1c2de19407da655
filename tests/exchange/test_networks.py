"""Every network of vega-tasks: what PyTorch computes, onnxruntime computes from the file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vega_core import nn
from vega_core.exchange import Exportable, OnnxExporter
from vega_core.plugins import load_catalog

torch = pytest.importorskip("torch")
pytest.importorskip("vega_tasks")
native = pytest.importorskip("vega_backend_torch.native")

IMAGE = (3, 32, 32)
LARGE = (3, 64, 64)
DEEP = ("EfficientNet", "MobileNetV2", "MobileNetV3")
"""Those that leave nothing of a small image: a normalization of one place is ill-conditioned."""
CATALOG = load_catalog()

QUICK = [
    {"type": "ResNet", "depth": 20, "num_classes": 7, "width": 4},
    {"type": "ResNet", "depth": 50, "num_classes": 7, "width": 4, "stem": "imagenet"},
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
    {"type": "SimpleCnn", "channels": [4, 8], "num_classes": 7},
    {"type": "MLP", "hidden": [16], "num_classes": 7},
]
FULL = [
    *({"type": "ResNet", "depth": depth} for depth in (18, 34, 50, 101, 152)),
    *({"type": "ResNet", "depth": depth, "num_classes": 10} for depth in (20, 32, 44, 56, 110)),
    {"type": "PreActResNet", "depth": 164},
    {"type": "WideResNet", "depth": 28, "widen_factor": 10},
    *({"type": "RegNetX", "variant": v} for v in ("200mf", "600mf", "800mf", "1.6gf")),
    *({"type": "EfficientNet", "variant": f"b{number}"} for number in range(7)),
    {"type": "MobileNetV2"},
    *({"type": "MobileNetV3", "variant": variant} for variant in ("small", "large")),
    *({"type": "Vgg", "depth": depth, "batch_norm": True} for depth in (11, 13, 16, 19)),
    {"type": "Vgg", "depth": 16},
    {"type": "AlexNet"},
    {"type": "SimpleCnn"},
    {"type": "MLP"},
]


def label(description):
    size = description.get("depth", description.get("variant", ""))
    return f"{description['type']}-{size}{'-bn' if description.get('batch_norm') else ''}"


def ends_of_branches(graph):
    """The scales of the normalizations that are added to what skips them."""
    made = {node.name: node for node in graph.nodes}
    for node in graph.nodes:
        if isinstance(node.op, nn.ops.Add):
            for last in (made[value] for value in node.inputs if value in made):
                if isinstance(last.op, nn.ops.BatchNormalization) and "shortcut" not in last.name:
                    yield last.params["weight"]


def calibrated(graph, image):
    """Parameters as a trained network may have: running statistics of the images, weak branches.

    With random statistics every rectifier may be dead, and the output the last bias. With residual
    branches as strong as they begin, a random network of 152 layers is chaos: rounding to float32
    alone moves PyTorch's own outputs by 7e-4 from those in float64.
    """
    params = nn.initial_parameters(graph, seed=0)
    for name in ends_of_branches(graph):
        params[name] *= 0.2
    nodes = [
        replace(node, op=replace(node.op, momentum=1.0))
        if isinstance(node.op, nn.ops.BatchNormalization)
        else node
        for node in graph.nodes
    ]
    at_once = replace(graph, nodes=tuple(nodes))
    module = native.GraphModule(at_once, params).train()
    with torch.no_grad():
        module(torch.from_numpy(image))
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}


def exportable(description, shape):
    graph = nn.build_graph(description, CATALOG, {"image": shape})
    image = np.random.default_rng(0).standard_normal((16, *shape)).astype("float32")
    params = calibrated(graph, image)
    module = native.GraphModule(graph, params).eval()

    def predict(batch):
        with torch.no_grad():
            return {"output": module(torch.from_numpy(batch["image"])).numpy()}

    assert list(graph.outputs) == ["output"]
    return Exportable(graph, params, {"image": image}, predict, description=description)


@pytest.mark.parametrize("description", QUICK, ids=label)
def test_small_forms(description, tmp_path):
    shape = IMAGE if description["type"] not in DEEP else LARGE
    exported = OnnxExporter().export(exportable(description, shape), tmp_path / "model.onnx")
    assert exported.batches == (16, 7)
    assert exported.error < 1e-4  # the check itself demands that outputs vary
    assert exported.constant == ()


def test_every_network_is_here():
    ours = {one.name for one in CATALOG.components("network") if one.plugin.name == "vega-tasks"}
    assert {description["type"] for description in QUICK} | {"AlexNet"} == ours
    assert {description["type"] for description in FULL} == ours


@pytest.mark.soak
@pytest.mark.parametrize("description", FULL, ids=label)
def test_published_forms(description, tmp_path):
    shape = LARGE if description["type"] != "AlexNet" else (3, 128, 128)
    exported = OnnxExporter().export(exportable(description, shape), tmp_path / "model.onnx")
    assert exported.error < 1e-4
    assert exported.constant == ()
