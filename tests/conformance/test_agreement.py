"""Every network of vega-tasks: what one framework computes, all others do, and onnxruntime too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.backend import SGD, Backend, State, TrainSpec
from vega_core.exchange import to_onnx
from vega_core.plugins import load_catalog
from vega_tasks.plugin import NETWORKS

CATALOG = load_catalog(strict=False)
CLASSES = 5


def small(name: str, size: int = 16, **values: Any) -> Any:
    description = {"type": name, "num_classes": CLASSES, **values}
    return pytest.param(description, size, id=f"{name}{values.get('depth', '')}")


SMALL = [
    small("AlexNet", 63, overrides={"conv*.out_channels": 6, "fc?.out_features": 8}),
    small("EfficientNet", 64, width_multiplier=0.1, depth_multiplier=0.1),
    small("MLP", hidden=[8]),
    small("MobileNetV2", 64, width_multiplier=0.1),
    small("MobileNetV3", 64, width_multiplier=0.1),
    small("PreActResNet", depth=11, width=4),
    small("RegNetX", 32, depth=4, w0=8, wa=8.0, wm=2.0, group_width=4),
    small("ResNet", depth=8, width=4),
    small("ResNet", 64, depth=50, width=4),
    small("SimpleCnn", channels=[4, 6]),
    small("Vgg", 32, depth=11, hidden=[8], overrides={"layer*.out_channels": 6}),
    small("WideResNet", depth=10, widen_factor=1),
]


def test_every_network_is_there() -> None:
    there = {case.values[0]["type"] for case in SMALL}
    assert there == {provider.name for provider in NETWORKS}


def without_draws(graph: nn.Graph) -> nn.Graph:
    """Returns a graph that drops nothing: between frameworks only a draw's distribution agrees."""
    return changed(graph, nn.ops.Dropout, mode="eval")


def changed(graph: nn.Graph, operator: type[Any], **values: Any) -> nn.Graph:
    nodes = [
        replace(node, op=replace(node.op, **values)) if isinstance(node.op, operator) else node
        for node in graph.nodes
    ]
    return replace(graph, nodes=tuple(nodes))


def calibrated(backend: Backend, graph: nn.Graph, batch: Mapping[str, Any]) -> State:
    """Returns a state as training may leave it, so that no output is the last bias alone.

    Running statistics are those of the batch, and without normalizations weights are strong enough.
    """
    at_once = changed(graph, nn.ops.BatchNormalization, momentum=1.0)
    params = nn.initial_parameters(graph, 0)
    if not any(isinstance(node.op, nn.ops.BatchNormalization) for node in graph.nodes):
        params = {name: array * 2 for name, array in params.items()}
    store = backend.store(params)
    backend.compile(at_once, store, train=TrainSpec(SGD(lr=0.0))).train_step(batch)
    return State(store.export().parameters)


@pytest.mark.parametrize(("description", "size"), SMALL)
def test_a_network_trains_and_predicts_alike(
    backends: Mapping[str, Backend], description: Mapping[str, Any], size: int
) -> None:
    network = nn.build_graph(description, CATALOG, {"image": nn.batched((3, size, size))})
    graph = without_draws(
        nn.compose(network, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    )
    rng = np.random.default_rng(0)
    image = rng.standard_normal((8, 3, size, size)).astype(np.float32)
    batch = {"image": image, "label": rng.integers(0, CLASSES, 8)}
    state = calibrated(next(iter(backends.values())), graph, batch)
    outputs, losses, steps = {}, {}, {}
    for name, backend in backends.items():
        store = backend.store(state.parameters)
        executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=1.0, momentum=0.9)))
        outputs[name] = executable.predict({"image": image})["output"]
        losses[name] = float(executable.train_step(batch).loss)
        steps[name] = store.export().parameters
    runtime = pytest.importorskip("onnxruntime")
    model = to_onnx(network, state.parameters).SerializeToString()
    outputs["onnxruntime"] = runtime.InferenceSession(model).run(None, {"image": image})[0]
    first = next(iter(backends))
    spread = np.ptp(outputs[first], axis=0).max()
    assert spread > 1e-2 * np.abs(outputs[first]).max(), "all samples are alike"
    for found in outputs.values():
        np.testing.assert_allclose(found, outputs[first], rtol=1e-4, atol=1e-4 * spread)
    one, before = (joined(arrays) for arrays in (steps[first], state.parameters))
    for name in backends:
        assert losses[name] == pytest.approx(losses[first], rel=1e-4)
        # All of them together: where a normalization follows, a bias moves by rounding alone. And
        # only so close: a rectifier's input within rounding of 0 passes a gradient or does not.
        apart = np.linalg.norm(joined(steps[name]) - one)
        assert apart < 2e-2 * np.linalg.norm(one - before), name


def joined(arrays: Mapping[str, Any]) -> Any:
    return np.concatenate([arrays[name].ravel() for name in sorted(arrays)])
