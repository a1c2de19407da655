"""A user's own keras.Model as a network."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from vega_backend_tf.backend import TensorFlowBackend
from vega_core import nn
from vega_core.backend import SGD, AdamW, Native, TrainSpec
from vega_core.errors import DescriptionError, ModelError, ShapeError

LABEL = {"label": nn.batched((), "int64")}
NAME = "keras:my_package.MyNet"


class MyNet(keras.Model):
    """A convolution, norm and dropout, of layers that have names and layers that have none."""

    def __init__(self, hidden: int = 4, *, momentum: float = 0.9, rate: float = 0.3) -> None:
        super().__init__()
        self.conv = keras.layers.Conv2D(hidden, 3, padding="same", data_format="channels_last")
        self.norm = keras.layers.BatchNormalization(momentum=momentum, name="norm")
        self.drop = keras.layers.Dropout(rate)
        self.fc = keras.layers.Dense(10, name="fc")

    def call(self, x: Any, training: bool | None = None) -> Any:
        x = keras.ops.transpose(x, (0, 2, 3, 1))
        x = keras.ops.relu(self.norm(self.conv(x), training=training))
        x = keras.ops.reshape(keras.ops.max_pool(x, 2), (-1, 16 * x.shape[-1]))
        return self.fc(self.drop(x, training=training))


class Catalog:
    """Knows one model by its name."""

    def __init__(self, component: Any, name: str = NAME) -> None:
        self._made = TensorFlowBackend.network(name, component)

    def load(self, kind: str, name: str) -> Any:
        assert (kind, name) == ("network", NAME)
        return self._made


def network(component: Any, inputs: Mapping[str, Any] | None = None, **arguments: Any) -> nn.Graph:
    description = {"type": NAME, **arguments}
    return nn.build_graph(description, Catalog(component), inputs or {"image": (1, 8, 8)})


def training(component: Any = MyNet, **arguments: Any) -> nn.Graph:
    return nn.compose(network(component, **arguments), nn.losses.CrossEntropy(), LABEL)


def batch(step: int, size: int = 16) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(step)
    return {
        "image": rng.standard_normal((size, 1, 8, 8)).astype(np.float32),
        "label": rng.integers(0, 10, size),
    }


def test_its_graph_is_one_node_with_its_names() -> None:
    graph = network(MyNet, hidden=6)
    (node,) = graph.nodes
    assert isinstance(node.op, Native)
    assert {name: spec.kind for name, spec in graph.parameters.items()} == {
        "conv2d.kernel": "weight",
        "conv2d.bias": "bias",
        "norm.gamma": "norm",
        "norm.beta": "norm",
        "norm.moving_mean": "statistic",
        "norm.moving_variance": "statistic",
        "fc.kernel": "weight",
        "fc.bias": "bias",
    }
    assert graph.parameters["conv2d.kernel"].shape == (3, 3, 1, 6)
    assert graph.specs[graph.outputs["output"]] == nn.batched((10,))
    stats = graph.stats()
    assert stats.params == 6 * 10 + 2 * 6 + (96 + 1) * 10
    assert stats.uncounted == ("module",)
    assert graph.hash == network(MyNet, hidden=6).hash  # whatever Keras counted meanwhile
    assert graph.hash != network(MyNet, hidden=7).hash


def test_it_begins_as_its_constructor_says_under_the_seed(backend: TensorFlowBackend) -> None:
    graph = training(hidden=6)
    random.seed(123)
    undisturbed = random.random()
    random.seed(123)
    first, again, other = (backend.initial_parameters(graph, seed) for seed in (1, 1, 2))
    assert random.random() == undisturbed
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])
    kernel = first["conv2d.kernel"]
    assert not np.array_equal(kernel, other["conv2d.kernel"])
    bound = np.sqrt(6 / (9 + 9 * 6))  # Glorot's, which a layer of Keras begins with
    assert 0.7 * bound < np.abs(kernel).max() <= bound


def test_training_it_is_training_it_by_hand(backend: TensorFlowBackend) -> None:
    graph = training(rate=0.0)
    params = backend.initial_parameters(graph, 0)
    executable = backend.compile(
        graph, backend.store(params), train=TrainSpec(SGD(lr=0.05, momentum=0.9))
    )
    model = backend.native(network(MyNet, rate=0.0), params)
    theirs = keras.optimizers.SGD(0.05, 0.9)
    wanted = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for step in range(10):
        result = executable.train_step(batch(step))
        with tf.GradientTape() as tape:
            scores = model(batch(step)["image"], training=True)
            loss = wanted(batch(step)["label"], scores)
        own = model.trainable_variables
        theirs.apply_gradients(zip(tape.gradient(loss, own), own, strict=True))
        assert float(result.loss) == pytest.approx(float(loss), rel=1e-4)
        assert np.ptp(result["output"], axis=0).min() > 1e-2
    state = executable.store.export().parameters
    for layer, given in (("fc", model.fc), ("norm", model.norm), ("conv2d", model.conv)):
        for weight in given.weights:
            array = state[f"{layer}.{weight.name}"]
            np.testing.assert_allclose(array, weight.numpy(), rtol=1e-3, atol=1e-5)
    assert not np.allclose(state["norm.moving_mean"], params["norm.moving_mean"])
    output = executable.predict(batch(99))["output"]
    np.testing.assert_allclose(output, model(batch(99)["image"]), rtol=1e-3, atol=1e-4)


def test_what_it_draws_is_of_the_seed_and_the_step(backend: TensorFlowBackend) -> None:
    graph, outputs = training(), []
    for seed, step, disturbance in ((1, 5, 0), (1, 5, 7), (2, 5, 0), (1, 6, 0)):
        store = backend.store(backend.initial_parameters(graph, 0))
        executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
        keras.utils.set_random_seed(disturbance)
        outputs.append(executable.train_step(batch(0), {"seed": seed, "step": step})["output"])
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])
    assert not np.allclose(outputs[0], outputs[3])


@pytest.mark.parametrize("statistics", [("*",), ("module.nothing*",), ()])
def test_what_is_frozen_keeps_its_bytes(
    backend: TensorFlowBackend, statistics: tuple[str, ...]
) -> None:
    graph = training()
    params = backend.initial_parameters(graph, 0)
    store = backend.store(params)
    spec = TrainSpec(SGD(lr=0.1, momentum=0.9), trainable=("fc.*",), statistics=statistics)
    if statistics == ("module.nothing*",):
        with pytest.raises(ModelError, match="matches no name"):
            backend.compile(graph, store, train=spec)
        return
    backend.compile(graph, store, train=spec).train_step(batch(0))
    after = store.export().parameters
    moved = {name for name in params if not np.array_equal(params[name], after[name])}
    own = {name for name, s in graph.parameters.items() if s.kind == "statistic"}
    assert moved == {"fc.kernel", "fc.bias"} | (own if statistics else set())


def test_prediction_changes_nothing(backend: TensorFlowBackend) -> None:
    graph = training()
    store = backend.store(backend.initial_parameters(graph, 0))
    executable = backend.compile(graph, store, train=TrainSpec(SGD()))
    before = store.export().parameters
    one = executable.predict(batch(0))["output"]
    np.testing.assert_array_equal(one, executable.predict(batch(0))["output"])
    for name, array in store.export().parameters.items():
        assert array.tobytes() == before[name].tobytes()


class Shares(keras.Model):
    """Uses one layer twice, keeps one as it is, and gives two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.one = keras.layers.Dense(64, name="one")
        self.frozen = keras.layers.Dense(64, trainable=False, name="frozen")
        self.head = keras.layers.Dense(10, name="head")

    def call(self, x: Any) -> dict[str, Any]:
        x = keras.ops.reshape(x, (-1, 64))
        hidden = self.frozen(self.one(keras.ops.tanh(self.one(x))))
        return {"output": self.head(hidden), "hidden": hidden, "none": None}


def test_layers_may_be_shared_or_frozen(backend: TensorFlowBackend) -> None:
    graph = training(Shares)
    assert graph.parameters["frozen.kernel"].kind == "constant"
    assert list(graph.outputs) == ["output", "hidden", "loss"]
    params = backend.initial_parameters(graph, 0)
    store = backend.store(params)
    executable = backend.compile(graph, store, train=TrainSpec(AdamW(lr=0.01, weight_decay=0.5)))
    losses = [float(executable.train_step(batch(step % 2)).loss) for step in range(20)]
    assert losses[-1] < 0.7 * losses[0]
    after = store.export().parameters["frozen.kernel"]
    assert after.tobytes() == params["frozen.kernel"].tobytes()


class Several(keras.Model):
    """Two inputs by name, words among them."""

    def __init__(self) -> None:
        super().__init__()
        self.table = keras.layers.Embedding(20, 3, name="table")
        self.fc = keras.layers.Dense(10, name="fc")

    def call(self, inputs: Mapping[str, Any]) -> Any:
        words = keras.ops.mean(self.table(inputs["words"]), axis=1)
        image = keras.ops.reshape(inputs["image"], (-1, 64))
        return self.fc(keras.ops.concatenate([words, image], axis=1))


def test_several_inputs_come_by_name(backend: TensorFlowBackend) -> None:
    inputs = {"image": nn.batched((1, 8, 8)), "words": nn.batched((5,), "int64")}
    graph = nn.compose(network(Several, inputs), nn.losses.CrossEntropy(), LABEL)
    assert graph.parameters["fc.kernel"].shape == (67, 10)
    assert graph.parameters["table.embeddings"].kind == "embedding"
    executable = backend.compile(
        graph, backend.store(backend.initial_parameters(graph, 0)), train=TrainSpec(SGD(lr=0.1))
    )
    words = np.random.default_rng(0).integers(0, 20, (16, 5))
    losses = [float(executable.train_step({**batch(0), "words": words}).loss) for _ in range(10)]
    assert losses[-1] < losses[0]


def functional(hidden: int = 5) -> Any:
    """A function that returns a model, as Keras's users write them."""
    image = keras.Input((1, 8, 8))
    x = keras.layers.Dense(hidden, "relu")(keras.layers.Flatten()(image))
    return keras.Model(image, keras.layers.Dense(10)(x))


def sequential() -> Any:
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])


@pytest.mark.parametrize("make", [functional, sequential])
def test_a_function_may_make_it(backend: TensorFlowBackend, make: Any) -> None:
    graph = training(make)
    names = {"dense.kernel", "dense.bias"}
    more = {"dense_1.kernel", "dense_1.bias"} if make is functional else set()
    assert graph.parameters.keys() == names | more == training(make).parameters.keys()
    store = backend.store(backend.initial_parameters(graph, 0))
    executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
    losses = [float(executable.train_step(batch(0)).loss) for _ in range(10)]
    assert losses[-1] < losses[0]


def test_an_axis_may_be_a_multiple_of_the_batch() -> None:
    class Doubled(keras.Model):
        def call(self, x: Any) -> Any:
            return keras.ops.reshape(keras.ops.concatenate([x, x]), (-1, 64))

    graph = network(Doubled)
    assert graph.specs[graph.outputs["output"]].shape == (-2, 64)


def test_the_native_model_is_the_users_own(backend: TensorFlowBackend) -> None:
    graph = network(MyNet)
    params = backend.initial_parameters(graph, 3)
    model = backend.native(graph, params)
    assert type(model) is MyNet
    given = sorted(weight.numpy().tobytes() for weight in model.weights)
    assert given == sorted(array.tobytes() for array in params.values())
    np.testing.assert_array_equal(model.conv.kernel.numpy(), params["conv2d.kernel"])


def test_a_saved_graph_names_no_code() -> None:
    data = nn.graph_to_dict(network(MyNet))
    with pytest.raises(ModelError, match="Native"):
        nn.graph_from_dict(data)


def test_it_may_be_a_part_among_others(backend: TensorFlowBackend) -> None:
    class Head(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(10, name="scores")(nn.relu(x))

    class Both(Catalog):
        def load(self, kind: str, name: str) -> Any:
            return Head if name == "Head" else super().load(kind, name)

    parts = {"modules": ["body", "head"], "body": {"type": NAME}, "head": {"type": "Head"}}
    graph = nn.build_graph(parts, Both(MyNet), {"image": (1, 8, 8)})
    assert {"body.conv2d.kernel", "head.scores.weight"} <= graph.parameters.keys()
    whole = nn.compose(graph, nn.losses.CrossEntropy(), LABEL)
    params = backend.initial_parameters(whole, 0)
    executable = backend.compile(whole, backend.store(params), train=TrainSpec(SGD(lr=0.1)))
    losses = [float(executable.train_step(batch(0)).loss) for _ in range(10)]
    assert losses[-1] < losses[0]
    given = {"image": batch(0)["image"]}
    expected = backend.compile(graph, backend.store(params)).predict(given)["output"]
    model = backend.native(graph, params)
    np.testing.assert_allclose(model(given), expected, rtol=1e-5, atol=1e-6)


class Failing(keras.Model):
    def call(self, x: Any) -> Any:
        raise RuntimeError("no luck")


class Odd(keras.Model):
    def call(self, x: Any) -> Any:
        return tf.zeros(x.shape[0] ** 2)


class Listed(keras.Model):
    def call(self, x: Any) -> Any:
        return [x]


class Half(keras.Model):
    def __init__(self) -> None:
        super().__init__(dtype="bfloat16")
        self.fc = keras.layers.Dense(2, dtype="bfloat16", name="fc")

    def call(self, x: Any) -> Any:
        return keras.ops.cast(self.fc(x), "float32")


@pytest.mark.parametrize(
    ("component", "arguments", "error", "message"),
    [
        (MyNet, {"hiden": 3}, DescriptionError, "no hyperparameter 'hiden'; did you mean 'hidden'"),
        (MyNet, {"hidden": "x"}, DescriptionError, r'of the arguments \{"hidden":"x"\}'),
        (OrderedDict, {}, ModelError, "made a OrderedDict, which is no keras.Model or Layer"),
        (Failing, {}, ModelError, "fails on a batch of 2 .*: RuntimeError: no luck$"),
        (Odd, {}, ShapeError, "is 4 for a batch of 2 and 9 for one of 3, .* no multiple"),
        (Listed, {}, ModelError, "gives list: expected a tensor, or tensors by name"),
        (Half, {}, ModelError, "'fc.kernel' is of bfloat16"),
    ],
)
def test_faults_of_a_model_are_told(
    component: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        network(component, **arguments)
    if component is Failing or arguments == {"hidden": "x"}:
        assert caught.value.__cause__ is not None


class Heads(keras.Model):
    """Gives in training what it does not give in evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = keras.layers.Dense(10)

    def call(self, x: Any, training: bool | None = None) -> dict[str, Any]:
        return {"aux" if training else "output": self.fc(keras.ops.reshape(x, (-1, 64)))}


def test_outputs_that_differ_in_training_are_told(backend: TensorFlowBackend) -> None:
    graph = training(Heads)
    store = backend.store(backend.initial_parameters(graph, 0))
    executable = backend.compile(graph, store, train=TrainSpec(SGD()))
    message = rf"{NAME} gave \['aux'\] in training, and \['output'\] is missing"
    with pytest.raises(ModelError, match=message):
        executable.train_step(batch(0))
