"""What a loaded model says of itself."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from vega_core import nn
from vega_core.errors import ConfigError, StateError
from vega_core.pipeline.loading import LoadedModel
from vega_core.pipeline.model_io import ModelFile
from vega_core.plugins import load_catalog

needs_torch = pytest.mark.skipif(
    not (find_spec("torch") and find_spec("vega_backend_torch")), reason="PyTorch is not installed"
)


def test_a_model_is_shown_in_a_line():
    file = ModelFile(
        id="train-0",
        description={"type": "ResNet", "depth": 8},
        inputs={"image": {"dtype": "float32", "shape": [1, 8, 8]}},
        classes={"label": 10},
        transforms=(),
        backend="torch",
        sha256="",
        metrics={"accuracy": 0.98765},
        provenance={},
    )
    model = LoadedModel(file, {}, load_catalog(), "torch")
    assert repr(model) == "<LoadedModel train-0: ResNet of image (N, 1, 8, 8); accuracy=0.9877>"


def test_parameters_of_another_model_are_named():
    description = {"type": "MLP", "hidden": [4], "num_classes": 3}
    file = ModelFile(
        id="a",
        description=description,
        inputs={"x": {"dtype": "float32", "shape": [2]}},
        classes={},
        transforms=(),
        backend="torch",
        sha256="",
        metrics={},
        provenance={},
    )
    catalog = load_catalog()
    graph = nn.build_graph(description, catalog, {"x": (2,)})
    parameters = nn.initial_parameters(graph, 0)
    (first, *_) = parameters
    changed = {**parameters, first: parameters[first].T, "neck.bias": np.zeros(3, np.float32)}
    model = LoadedModel(file, changed, catalog, "torch")
    with pytest.raises(StateError, match=rf"'{first}' is \(2, 4\), and \(4, 2\).*'neck.bias'"):
        model.predict(np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("backend", "transforms", "message"),
    [
        pytest.param({"devcie": "cpu"}, (), "backend 'torch': .*'devcie'", marks=needs_torch),
        ("torch", ({"type": "Normalize", "men": [0.5]},), "transform 'Normalize': .*'men'"),
    ],
)
def test_parameters_that_a_component_lacks(backend, transforms, message):
    description = {"type": "MLP", "hidden": [4], "num_classes": 3}
    file = ModelFile(
        id="a",
        description=description,
        inputs={"image": {"dtype": "float32", "shape": [2]}},
        classes={},
        transforms=transforms,
        backend="torch",
        sha256="",
        metrics={},
        provenance={},
    )
    catalog = load_catalog()
    graph = nn.build_graph(description, catalog, {"image": (2,)})
    model = LoadedModel(file, nn.initial_parameters(graph, 0), catalog, backend)
    with pytest.raises(ConfigError, match=message):
        model.predict(np.zeros((1, 2)))
