"""A user's own mindspore.nn.Cell as a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mindspore as ms
import numpy as np
import pytest
from mindspore import nn as msnn
from mindspore import ops

from vega_backend_ms.backend import MindSporeBackend
from vega_core import nn
from vega_core.backend import SGD, Native, TrainSpec
from vega_core.errors import DescriptionError, ModelError

LABEL = {"label": nn.batched((), "int64")}
NAME = "ms:my_package.MyNet"


class MyNet(msnn.Cell):
    """A convolution, norm and dropout."""

    def __init__(self, hidden: int = 4, drop: float = 0.3) -> None:
        super().__init__()
        self.conv = msnn.Conv2d(1, hidden, 3, pad_mode="same", has_bias=True)
        self.norm = msnn.BatchNorm2d(hidden)
        self.drop = msnn.Dropout(p=drop)
        self.fc = msnn.Dense(hidden * 64, 10)

    def construct(self, x: Any) -> Any:
        x = ops.relu(self.norm(self.conv(x)))
        return self.fc(self.drop(x.reshape(x.shape[0], -1)))


class Catalog:
    def __init__(self, component: Any) -> None:
        self._made = MindSporeBackend.network(NAME, component)

    def load(self, kind: str, name: str) -> Any:
        assert (kind, name) == ("network", NAME)
        return self._made


@pytest.fixture(scope="module")
def backend() -> MindSporeBackend:
    return MindSporeBackend()


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
    assert {name: (spec.shape, spec.kind) for name, spec in graph.parameters.items()} == {
        "conv.weight": ((6, 1, 3, 3), "weight"),
        "conv.bias": ((6,), "bias"),
        "norm.moving_mean": ((6,), "statistic"),
        "norm.moving_variance": ((6,), "statistic"),
        "norm.gamma": ((6,), "norm"),
        "norm.beta": ((6,), "norm"),
        "fc.weight": ((10, 384), "weight"),
        "fc.bias": ((10,), "bias"),
    }
    assert graph.specs[graph.outputs["output"]].shape == (-1, 10)


def test_it_begins_as_its_constructor_says_under_the_seed(backend: MindSporeBackend) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, again, other = (backend.initial_parameters(network(MyNet), seed) for seed in (0, 0, 1))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["conv.weight"], other["conv.weight"])
    assert np.array_equal(before, np.random.get_state()[1]), "a global state has moved"  # noqa: NPY002


def test_training_it_is_training_it_by_hand(backend: MindSporeBackend) -> None:
    """Against MindSpore's own loop over the Cell itself, without dropout."""
    graph = training(drop=0.0)
    params = backend.initial_parameters(graph, 3)
    store = backend.store(params)
    executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
    cell = MyNet(drop=0.0)
    for name, parameter in cell.parameters_and_names():
        ops.assign(parameter, ms.Tensor(params[name]))
    cell.set_train()
    weights = cell.trainable_params()
    for step in range(4):
        data = batch(step)
        image, label = ms.Tensor(data["image"]), ms.Tensor(data["label"].astype(np.int32))

        def forward(image: Any = image, label: Any = label) -> Any:
            return ops.cross_entropy(cell(image), label)

        loss, gradients = ms.value_and_grad(forward, None, ms.ParameterTuple(weights))()
        for weight, gradient in zip(weights, gradients, strict=True):
            ops.assign(weight, weight - 0.1 * gradient)
        assert float(executable.train_step(data).loss) == pytest.approx(float(loss), rel=1e-5)
    after = store.export().parameters
    for name, parameter in cell.parameters_and_names():
        np.testing.assert_allclose(after[name], parameter.asnumpy(), rtol=1e-4, atol=1e-5)
    assert not np.array_equal(after["norm.moving_mean"], params["norm.moving_mean"])


def test_its_draws_are_functions_of_seed_and_step(backend: MindSporeBackend) -> None:
    graph = training(drop=0.5)
    params = backend.initial_parameters(graph, 0)

    def loss(**controls: float) -> float:
        executable = backend.compile(graph, backend.store(params), train=TrainSpec(SGD(lr=0.1)))
        return float(executable.train_step(batch(0), controls).loss)

    assert loss(seed=1, step=0) == loss(seed=1, step=0)
    assert len({loss(seed=1, step=0), loss(seed=2, step=0), loss(seed=1, step=1)}) == 3


def test_what_is_frozen_keeps_its_bytes(backend: MindSporeBackend) -> None:
    graph = training()
    params = backend.initial_parameters(graph, 0)
    store = backend.store(params)
    spec = TrainSpec(SGD(lr=0.1), trainable=("fc.*",), statistics=())
    executable = backend.compile(graph, store, train=spec)
    executable.train_step(batch(0))
    after = store.export().parameters
    moved = {name for name in params if not np.array_equal(params[name], after[name])}
    assert moved == {"fc.weight", "fc.bias"}


def test_prediction_changes_nothing(backend: MindSporeBackend) -> None:
    graph = network(MyNet)
    params = backend.initial_parameters(graph, 0)
    store = backend.store(params)
    executable = backend.compile(graph, store)
    image = {"image": batch(0)["image"]}
    first = executable.predict(image)["output"]
    assert np.ptp(first, axis=0).max() > 1e-3
    assert np.array_equal(first, executable.predict(image)["output"])
    after = store.export().parameters
    assert all(np.array_equal(params[name], after[name]) for name in params)


class Two(msnn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.fc = msnn.Dense(3, 2)

    def construct(self, right: Any, left: Any) -> Any:
        return {"difference": self.fc(left) - right, "left": left}


def test_several_inputs_come_by_name(backend: MindSporeBackend) -> None:
    graph = network(Two, {"left": (3,), "right": (2,)})
    params = backend.initial_parameters(graph, 0)
    rng = np.random.default_rng(0)
    left, right = (rng.standard_normal((4, size)).astype(np.float32) for size in (3, 2))
    outputs = backend.compile(graph, backend.store(params)).predict({"left": left, "right": right})
    expected = left @ params["fc.weight"].T + params["fc.bias"] - right
    np.testing.assert_allclose(outputs["difference"], expected, rtol=1e-5, atol=1e-5)


def test_the_native_cell_is_the_users_own(backend: MindSporeBackend) -> None:
    graph = network(MyNet)
    params = backend.initial_parameters(graph, 5)
    cell = backend.native(graph, params)
    assert type(cell) is MyNet
    for name, parameter in cell.parameters_and_names():
        assert np.array_equal(parameter.asnumpy(), params[name])


class Fails(MyNet):
    def construct(self, x: Any) -> Any:
        raise RuntimeError("a fault of the user's")


class Odd(MyNet):
    def construct(self, x: Any) -> Any:
        return [x]


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (lambda: 3, "made a int, which is no mindspore.nn.Cell"),
        (Fails, "fails on a batch of 2 .*RuntimeError: a fault of the user's"),
        (Odd, "gives list: expected a tensor, or tensors by name"),
    ],
)
def test_faults_of_a_cell_are_told(component: Any, message: str) -> None:
    with pytest.raises((ModelError, DescriptionError), match=message):
        network(component)


class Moody(MyNet):
    def construct(self, x: Any) -> Any:
        name = "score" if self.training else "output"
        return {name: MyNet.construct(self, x)}


def test_outputs_that_differ_in_training_are_told(backend: MindSporeBackend) -> None:
    graph = training(Moody)
    store = backend.store(backend.initial_parameters(graph, 0))
    executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
    with pytest.raises(ModelError, match=r"\['output'\] is missing"):
        executable.train_step(batch(0))


class Layers(msnn.Cell):
    """What holds its tensors in other ways: in rows, as buffers, and as parameters of no layer."""

    def __init__(self, drop: float = 0.0) -> None:
        super().__init__()
        self.rows = msnn.LSTM(8, 4, batch_first=True)
        self.fixed = msnn.Dense(4, 4)
        self.fixed.weight.requires_grad = False
        self.fixed.bias.requires_grad = False
        self.drop = msnn.Dropout2d(p=drop)
        self.fc = msnn.Dense(4, 10)
        self.seen = ms.Parameter(ms.Tensor(np.zeros(1, np.float32)), requires_grad=False)
        self.register_buffer("steps", ms.Tensor(np.zeros(1, np.float32)))
        self.register_buffer("made", ms.Tensor(np.ones(1, np.float32)), persistent=False)

    def construct(self, x: Any) -> Any:
        if self.training:
            ops.assign_add(self.seen, self.made)
            self.steps.copy_(self.steps + 1)
        x = self.rows(self.drop(x).reshape(-1, 8, 8))[0][:, -1]
        return self.fc(self.fixed(x)) * self.made


@pytest.mark.parametrize("statistics", [("*",), ()])
def test_tensors_may_be_in_rows_and_in_buffers(
    backend: MindSporeBackend, statistics: tuple[str, ...]
) -> None:
    graph = training(Layers)
    kinds = {name: spec.kind for name, spec in graph.parameters.items()}
    own = {name for name, kind in kinds.items() if kind == "statistic"}
    assert own == {"seen", "steps"}
    assert kinds["fixed.weight"] == kinds["fixed.bias"] == "constant"
    params = backend.initial_parameters(graph, 0)
    store = backend.store(params)
    spec = TrainSpec(SGD(lr=0.1), statistics=statistics)
    executable = backend.compile(graph, store, train=spec)
    for step in range(2):
        executable.train_step(batch(step))
    after = store.export().parameters
    moved = {name for name in params if not np.array_equal(params[name], after[name])}
    trained = {name for name, spec in graph.parameters.items() if spec.trained}
    assert moved == trained | (own if statistics else set())
    if statistics:
        assert after["steps"] == after["seen"] == 2
    cell = backend.native(network(Layers), after).set_train(False)
    image = batch(5)["image"]
    found = backend.compile(network(Layers), store).predict({"image": image})["output"]
    np.testing.assert_allclose(cell(ms.Tensor(image)).asnumpy(), found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layer", [msnn.Dropout, msnn.Dropout1d, msnn.Dropout2d, msnn.Dropout3d])
def test_what_every_dropout_drops_is_of_the_seed(backend: MindSporeBackend, layer: Any) -> None:
    class Drops(msnn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.drop = layer(p=0.5)
            self.fc = msnn.Dense(64, 10)

        def construct(self, x: Any) -> Any:
            axes = {msnn.Dropout1d: (8, 8), msnn.Dropout3d: (8, 2, 2, 2)}.get(layer, (8, 2, 4))
            return self.fc(self.drop(x.reshape(-1, *axes)).reshape(-1, 64))

    graph, outputs = training(Drops), []
    for seed in (1, 1, 2):
        store = backend.store(backend.initial_parameters(graph, 0))
        executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
        outputs.append(executable.train_step(batch(0), {"seed": seed})["output"])
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


def test_a_global_seed_stays_as_it_was(backend: MindSporeBackend) -> None:
    before = ms.get_seed()
    backend.initial_parameters(network(MyNet), 5)
    assert ms.get_seed() == before


class Compiled(MyNet):
    @ms.jit
    def construct(self, x: Any) -> Any:
        return self.fc(self.conv(x).reshape(x.shape[0], -1))


def test_a_cell_that_is_compiled_already_is_refused() -> None:
    with pytest.raises(
        ModelError, match=r"compiled by mindspore\.jit, .* leave the decorator away"
    ):
        network(Compiled)
