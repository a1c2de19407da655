"""A graph as a `keras.Model`: the graph's names, predictions, training, controls, files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest
import tensorflow as tf

from vega_core import nn
from vega_core.errors import ModelError, StateError
from vega_core.nn.reference import evaluate
from vega_core.testing.backend.models import Controlled as Rates
from vega_core.testing.backend.models import batch, classifier
from vega_tasks.classification.networks import MLP, ResNet

if TYPE_CHECKING:
    from vega_backend_tf.backend import TensorFlowBackend


def graph(network: nn.Network) -> nn.Graph:
    return nn.trace(network, {"image": nn.batched((1, 8, 8))})


def arrays(model) -> dict[str, np.ndarray]:
    return {weight.name: weight.numpy() for weight in model.weights}


def test_a_native_model_has_the_graphs_names_and_outputs(
    backend: TensorFlowBackend, rng: np.random.Generator
) -> None:
    network = graph(ResNet(8, 4))
    params = nn.initial_parameters(network, 0)
    params = {
        name: np.abs(array) + rng.uniform(0.5, 1, array.shape).astype(np.float32)
        if "running_var" in name
        else array
        for name, array in params.items()
    }
    model = backend.native(network, params)
    assert isinstance(model, keras.Model)
    assert arrays(model).keys() == params.keys()
    fixed = {name for name, spec in network.parameters.items() if not spec.trained}
    assert {weight.name for weight in model.non_trainable_weights} == fixed
    images = rng.standard_normal((5, 1, 8, 8)).astype(np.float32)
    expected = evaluate(network, params, {"image": images}).outputs["output"]
    assert np.ptp(expected, axis=0).min() > 5e-3
    for given in (images, {"image": images}, [images]):
        np.testing.assert_allclose(model(given), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_a_native_model_trains_as_keras_trains(backend: TensorFlowBackend) -> None:
    network = graph(ResNet(8, 4))
    params = nn.initial_parameters(network, 0)
    model = backend.native(network, params)
    images = np.random.default_rng(0).random((16, 1, 8, 8)).astype(np.float32)
    labels = np.arange(16) % 10
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05, 0.9), loss)
    history = model.fit(images, labels, batch_size=8, epochs=5, verbose=0).history["loss"]
    assert history[-1] < 0.9 * history[0]
    moved = {name for name, array in arrays(model).items() if (array != params[name]).any()}
    assert moved == params.keys()


def test_dropout_draws_in_training_alone(backend: TensorFlowBackend) -> None:
    network = graph(MLP(10, (16,), 0.5))
    model = backend.native(network, nn.initial_parameters(network, 0))
    images = tf.random.normal((8, 1, 8, 8))
    one, two = (model(images, training=True).numpy() for _ in range(2))
    assert (one != two).any()
    np.testing.assert_array_equal(model(images), model(images, training=False))


def test_statistics_move_as_the_reference_says(backend: TensorFlowBackend) -> None:
    network = graph(ResNet(8, 4))
    params = nn.initial_parameters(network, 0)
    model = backend.native(network, params)
    images = np.random.default_rng(0).standard_normal((6, 1, 8, 8)).astype(np.float32)
    moved = evaluate(network, params, {"image": images}, mode="train").statistics
    model(images, training=True)
    assert moved
    for name, array in moved.items():
        np.testing.assert_allclose(arrays(model)[name], array, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("own", [False, True], ids=["graph", "model"])
def test_parameters_that_do_not_fit_are_named(backend: TensorFlowBackend, own: bool) -> None:
    inputs = {"image": nn.batched((64,))}
    made = type(backend).network("keras:Dense", keras.layers.Dense)(units=3)
    network = made.graph(inputs) if own else nn.trace(nn.Linear(3), inputs)
    params = backend.initial_parameters(network, 0)
    name = next(iter(params))
    with pytest.raises(StateError, match=rf"'{name}' is missing"):
        backend.native(network, {n: array for n, array in params.items() if n != name})
    with pytest.raises(StateError, match=rf"'{name}' is \(7, 64\)"):
        backend.native(network, {**params, name: np.ones((7, 64), np.float32)})
    backend.native(network, {**params, "of another graph": np.ones(1)})


class Controlled(nn.Network):
    """A rate, a mask, a choice, a part for training alone, and a constant."""

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        x = nn.flatten(image) * nn.control("mask", 1.0, (64,))
        x = nn.choice("op", [nn.Linear(6, name="a"), nn.Linear(6, name="b")], x)
        train = nn.Linear(6, name="trains")(x)
        return nn.by_mode(train, x * nn.parameter("fixed", (6,), kind="constant"))


def test_controls_are_entries_of_the_model(backend: TensorFlowBackend) -> None:
    network = graph(Controlled())
    params = {**nn.initial_parameters(network, 0), "fixed": np.full(6, 2.0, np.float32)}
    model = backend.native(network, params)
    assert arrays(model).keys() == params.keys()
    assert model.controls == {"mask": 1.0, "op": 0}
    images = np.random.default_rng(0).random((3, 1, 8, 8)).astype(np.float32)
    mask, seen = np.arange(64) % 2, []
    for controls in ({}, {"op": 1}, {"mask": mask, "op": 0}):
        model.controls.update(controls)
        given = model(images).numpy()
        expected = evaluate(network, params, {"image": images}, controls=model.controls)
        np.testing.assert_allclose(given, expected.outputs["output"], rtol=1e-5, atol=1e-6)
        assert np.ptp(given, axis=0).min() > 1e-3
        seen.append(given)
    assert not np.allclose(seen[0], seen[1])
    assert not np.allclose(seen[0], seen[2])
    assert not np.allclose(model(images, training=True), seen[2])
    for controls, message in (
        ({"op": 2}, "'op' has the candidates 0 to 1, and got 2"),
        ({"op": 0, "mask": np.ones(3)}, r"'mask' is \(3,\)"),
        ({"mask": 1.0, "maks": 0}, "no control 'maks'; did you mean 'mask'"),
    ):
        model.controls.update(controls)
        with pytest.raises(ModelError, match=message):
            model(images)


def test_inputs_that_are_missing_or_left_over_are_told(backend: TensorFlowBackend) -> None:
    network = graph(MLP(10))
    model = backend.native(network, nn.initial_parameters(network, 0))
    image = np.zeros((1, 1, 8, 8), np.float32)
    for given in ({}, {"imag": image}, [image, image]):
        with pytest.raises(TypeError, match="the network takes image, and was given"):
            model(given)


@pytest.mark.filterwarnings("ignore:.*np.object.*:FutureWarning")
def test_keras_saves_it_and_loads_it_where_vega_is(backend: TensorFlowBackend, tmp_path) -> None:
    network = classifier(Rates()).restricted(["x"])
    params = nn.initial_parameters(network, 0)
    model = backend.native(network, params)
    given = batch(network)
    expected = model(given)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert arrays(loaded).keys() == params.keys()
    for name, array in params.items():
        np.testing.assert_array_equal(arrays(loaded)[name], array)
    np.testing.assert_allclose(loaded(given), expected, rtol=1e-6)
