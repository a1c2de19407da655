"""The networks on PyTorch: their outputs are the reference's, and every parameter learns."""

from __future__ import annotations

import numpy as np
import pytest

from vega_core import nn
from vega_core.nn.initializers import KaimingNormal
from vega_core.nn.reference import evaluate
from vega_tasks.classification.networks import (
    EfficientNet,
    MobileNetV2,
    MobileNetV3,
    PreActResNet,
    RegNetX,
    ResNet,
    SimpleCnn,
    Vgg,
    WideResNet,
)

torch = pytest.importorskip("torch")
backends = pytest.importorskip("vega_backend_torch.backend")

NETWORKS = [
    ResNet(18, 4, 5),
    ResNet(50, 8, 5, "padding", groups=4, width_per_group=16),
    PreActResNet(11, 4, 5),
    WideResNet(10, 1, 5, dropout=0.3),
    RegNetX("200mf", 5, depth=4),
    EfficientNet("b0", 5, width_multiplier=0.2, drop_path=0.1),
    MobileNetV2(0.2, 5),
    MobileNetV3("small", 5, 0.2),
    Vgg(11, 5, batch_norm=True, hidden=(16,), pool_size=2),
    SimpleCnn((4, 8), 2, 5),
]


@pytest.fixture(params=NETWORKS, ids=lambda network: type(network).__name__)
def graph(request: pytest.FixtureRequest) -> nn.Graph:
    narrow = {"layer*.out_channels": 8} if isinstance(request.param, Vgg) else {}
    return nn.trace(request.param, {"image": nn.batched((3, 32, 32))}, narrow)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((4, 3, 32, 32)).astype(np.float32)


def parameters(graph: nn.Graph) -> dict[str, np.ndarray]:
    """Returns parameters under which outputs follow the inputs, also without training."""
    rng = np.random.default_rng(0)
    params = nn.initial_parameters(graph, 0)
    for name, array in params.items():
        if graph.parameters[name].kind in ("norm", "statistic"):
            params[name] = array + rng.uniform(0, 0.2, array.shape).astype(np.float32)
        elif array.ndim > 1:
            params[name] = KaimingNormal("fan_in")(rng, array.shape)
    return params


def test_outputs_are_the_references(graph: nn.Graph, images: np.ndarray) -> None:
    params = parameters(graph)
    backend = backends.TorchBackend()
    given = backend.compile(graph, backend.store(params)).predict({"image": images})["output"]
    expected = evaluate(graph, params, {"image": images}).outputs["output"]
    spread = np.ptp(expected, axis=0).min()
    assert spread > 1e-3 * np.abs(expected).max()
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-3 * spread)


def test_gradients_reach_every_parameter(graph: nn.Graph, images: np.ndarray) -> None:
    torch.manual_seed(0)
    module = backends.TorchBackend().native(graph, parameters(graph)).train()
    loss = torch.nn.functional.cross_entropy(module(torch.tensor(images)), torch.arange(4))
    loss.backward()
    for name, parameter in module.named_parameters():
        largest = parameter.grad.abs().max()
        assert 0 < largest < 1e4, name
