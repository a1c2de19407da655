"""Convolutions and dense layers whose weight is computed, on whatever backend is installed."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vega_core import nn
from vega_core.backend import TrainSpec
from vega_core.backend.optimizers import SGD
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.primitive import Call
from vega_core.nn.reference import evaluate
from vega_core.nn.rewrites import FakeQuant

LAYERS = [
    (ops.Conv(4, (3, 2), (1, 2), (1, 0, 1, 1), (1, 1), 2), (-1, 6, 5, 5), (4, 3, 3, 2)),
    (ops.Conv(4, (3,), (1,), (1, 1), (2,), bias=False), (-1, 3, 6), (4, 3, 3)),
    (ops.ConvTranspose(4, (3,), (2,), (1, 0), (1,), (1,), 2), (-1, 6, 3), (6, 2, 3)),
    (ops.Gemm(4), (-1, 5), (4, 5)),
]
BACKENDS = {
    "torch": "vega_backend_torch.backend:TorchBackend",
    "tensorflow": "vega_backend_tf.backend:TensorFlowBackend",
    "mindspore": "vega_backend_ms.backend:MindSporeBackend",
}


@pytest.mark.parametrize(("op", "shape", "weight"), LAYERS, ids=str)
def test_a_weight_that_is_an_input_is_the_same_weight(op: Any, shape: Any, weight: Any) -> None:
    x, w = nn.TensorSpec(shape), nn.TensorSpec(weight)
    assert op.infer(x, w) == op.infer(x)
    own = dict(op.parameters(x))
    assert own.pop("weight").shape == weight
    assert op.parameters(x, w) == own
    assert op.macs((x, w), op.infer(x, w)) == op.macs((x,), op.infer(x))
    rng = np.random.default_rng(0)
    arrays = [
        rng.standard_normal(tuple(abs(n) * (2 if n < 0 else 1) for n in s)) for s in (shape, weight)
    ]
    bias = {"bias": rng.standard_normal(4)} if "bias" in own else {}
    one = op.reference(Call(arrays[:1], {"weight": arrays[1], **bias}))
    two = op.reference(Call(arrays, bias))
    np.testing.assert_array_equal(one[0], two[0])


@pytest.mark.parametrize(("op", "shape", "weight"), LAYERS, ids=str)
def test_weights_that_do_not_fit(op: Any, shape: Any, weight: Any) -> None:
    x = nn.TensorSpec(shape)
    with pytest.raises(ShapeError, match=r"the weight must be \(.*, and is \("):
        op.infer(x, nn.TensorSpec((*weight, 1)))
    with pytest.raises(ShapeError, match=r"element types of .* differ"):
        op.infer(x, nn.TensorSpec(weight, "float64"))
    with pytest.raises(ShapeError, match="takes 1 input, and got 3"):
        op.infer(x, x, x)


class Net(nn.Network):
    """Every kind of layer that is quantized."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.relu(nn.BatchNorm(name="norm")(nn.Conv(6, name="conv")(x)))
        x = nn.relu(nn.Conv(6, groups=6, name="depthwise")(x))
        x = nn.Conv(4, dilation=2, groups=2, name="grouped")(x)
        x = nn.ConvTranspose(4, 3, 2, 1, groups=2, name="up")(x)
        x = nn.Conv(5, name="line")(nn.reshape(x, 0, 4, -1))
        return nn.Linear(3, name="fc")(nn.flatten(nn.global_average_pool(x)))


def quantized() -> tuple[nn.Graph, dict[str, Any], dict[str, Any]]:
    rewrite = FakeQuant("w5a6, first=w1a8, last=w8a8", {"grouped": [1, 1]}, 2.0)
    graph = nn.trace(Net(), {"x": nn.batched((3, 6, 6))})
    params = rewrite.carry(graph, nn.initial_parameters(graph, 0))
    x = np.random.default_rng(0).standard_normal((4, 3, 6, 6)).astype(np.float32)
    return rewrite(graph), params, {"x": x}


@pytest.mark.parametrize("name", BACKENDS)
def test_backends_compute_and_train_a_quantized_network(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, _, kind = BACKENDS[name].partition(":")
    if not find_spec(name) or not find_spec(module.partition(".")[0]):
        pytest.skip(f"{name} is not installed")
    monkeypatch.chdir(tmp_path)
    backend = getattr(import_module(module), kind)()
    graph, params, batch = quantized()
    device = backend.devices()[0]
    expected = evaluate(graph, params, batch).outputs["output"]
    actual = backend.compile(graph, backend.store(params, device)).predict(batch)["output"]
    np.testing.assert_allclose(actual, expected, atol=1e-5)
    whole = nn.compose(graph, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    store = backend.store(params, device)
    step = backend.compile(whole, store, train=TrainSpec(SGD(lr=0.1)))
    for _ in range(2):
        step.train_step({**batch, "label": np.array([0, 1, 2, 0])})
    after = store.export().parameters
    moved = [n for n in params if n.endswith("weight") and not np.array_equal(params[n], after[n])]
    assert {"fc.weight", "line.weight", "up.weight"} <= set(moved)


def test_a_quantized_network_is_exported() -> None:
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    from vega_core.exchange.onnx.convert import to_onnx

    graph, params, batch = quantized()
    session = runtime.InferenceSession(to_onnx(graph, params).SerializeToString())
    (actual,) = session.run(None, batch)
    np.testing.assert_allclose(actual, evaluate(graph, params, batch).outputs["output"], atol=1e-5)
