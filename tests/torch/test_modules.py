"""A user's own torch.nn.Module as a network."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from vega_backend_torch.backend import TorchBackend
from vega_core import nn
from vega_core.backend import SGD, AdamW, Native, TrainSpec
from vega_core.errors import DescriptionError, ModelError, ShapeError

LABEL = {"label": nn.batched((), "int64")}
NAME = "torch:my_package.MyNet"


class MyNet(torch.nn.Module):
    """A convolution, norm and dropout; the head is tied to nothing."""

    def __init__(self, hidden: int = 4, *, momentum: float | None = 0.1) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(1, hidden, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(hidden, momentum=momentum)
        self.drop = torch.nn.Dropout(0.3)
        self.fc = torch.nn.Linear(hidden * 16, 10)
        self.register_buffer("scale", torch.full((1,), 2.0), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)
        return self.fc(self.drop(x.flatten(1))) * self.scale


class Catalog:
    """Knows one module by its name."""

    def __init__(self, component: Any, name: str = NAME) -> None:
        self._made = TorchBackend.network(name, component)

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
    assert graph.parameters.keys() == MyNet(6).state_dict().keys()
    kinds = {name: spec.kind for name, spec in graph.parameters.items()}
    assert kinds == {
        "conv.weight": "weight",
        "conv.bias": "bias",
        "norm.weight": "norm",
        "norm.bias": "norm",
        "norm.running_mean": "statistic",
        "norm.running_var": "statistic",
        "norm.num_batches_tracked": "statistic",
        "fc.weight": "weight",
        "fc.bias": "bias",
    }
    assert graph.specs[graph.outputs["output"]] == nn.batched((10,))
    stats = graph.stats()
    assert stats.params == sum(p.numel() for p in MyNet(6).parameters())
    assert stats.uncounted == ("module",)
    assert graph.hash == network(MyNet, hidden=6).hash
    assert graph.hash != network(MyNet, hidden=7).hash


def test_it_begins_as_its_constructor_says_under_the_seed(backend: TorchBackend) -> None:
    graph = training(hidden=6)
    torch.manual_seed(123)
    undisturbed = torch.rand(3)
    torch.manual_seed(123)
    first, again, other = (backend.initial_parameters(graph, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), undisturbed)
    torch.manual_seed(1)
    expected = MyNet(6).state_dict()
    for name, array in first.items():
        np.testing.assert_array_equal(array, expected[name].numpy())
        np.testing.assert_array_equal(array, again[name])
    assert not np.array_equal(first["conv.weight"], other["conv.weight"])


@pytest.mark.parametrize("momentum", [0.1, None])
def test_training_it_is_training_it_by_hand(backend: TorchBackend, momentum: float | None) -> None:
    graph = training(momentum=momentum)
    store = backend.store(backend.initial_parameters(graph, 0))
    optimizer = SGD(lr=0.05, momentum=0.9)
    executable = backend.compile(graph, store, train=TrainSpec(optimizer))
    torch.manual_seed(0)
    module = MyNet(momentum=momentum)
    module.drop.p = 0.0  # draws cannot be the same
    with_dropout = float(executable.train_step(batch(0)).loss)

    class Sure(MyNet):  # a class of the same name that was defined anew
        def __init__(self, momentum: float | None) -> None:
            super().__init__(momentum=momentum)
            self.drop.p = 0.0

    sure = training(Sure, momentum=momentum)
    store = backend.store(backend.initial_parameters(sure, 0))
    executable = backend.compile(sure, store, train=TrainSpec(optimizer))
    theirs = torch.optim.SGD(module.parameters(), 0.05, 0.9)
    for step in range(10):
        result = executable.train_step(batch(step))
        scores = module(torch.tensor(batch(step)["image"]))
        loss = F.cross_entropy(scores, torch.tensor(batch(step)["label"]))
        theirs.zero_grad()
        loss.backward()
        theirs.step()
        assert float(result.loss) == pytest.approx(loss.item(), rel=1e-4)
        assert np.ptp(result["output"], axis=0).min() > 1e-2
        if step == 0:
            assert float(result.loss) != with_dropout
    state = store.export().parameters
    for name, tensor in module.state_dict().items():
        np.testing.assert_allclose(state[name], tensor.numpy(), rtol=1e-3, atol=1e-5)
    assert state["norm.num_batches_tracked"] == 10
    output = executable.predict(batch(99))["output"]
    expected = module.eval()(torch.tensor(batch(99)["image"])).detach().numpy()
    np.testing.assert_allclose(output, expected, rtol=1e-3, atol=1e-4)


def test_its_draws_are_functions_of_seed_and_step(backend: TorchBackend) -> None:
    graph = training()
    outputs = []
    for seed, step, disturbance in ((1, 5, 0), (1, 5, 7), (2, 5, 0), (1, 6, 0)):
        store = backend.store(backend.initial_parameters(graph, 0))
        executable = backend.compile(graph, store, train=TrainSpec(SGD(lr=0.1)))
        torch.manual_seed(disturbance)
        before = torch.get_rng_state()
        outputs.append(executable.train_step(batch(0), {"seed": seed, "step": step})["output"])
        assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])
    assert not np.allclose(outputs[0], outputs[3])


@pytest.mark.parametrize("statistics", [("*",), ("module.nothing*",), ()])
def test_what_is_frozen_keeps_its_bytes(backend: TorchBackend, statistics: tuple[str, ...]) -> None:
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
    assert moved == {"fc.weight", "fc.bias"} | (own if statistics else set())


def test_prediction_changes_nothing(backend: TorchBackend) -> None:
    graph = training()
    store = backend.store(backend.initial_parameters(graph, 0))
    executable = backend.compile(graph, store, train=TrainSpec(SGD()))
    before = store.export().parameters
    one = executable.predict(batch(0))["output"]
    np.testing.assert_array_equal(one, executable.predict(batch(0))["output"])
    for name, array in store.export().parameters.items():
        assert array.tobytes() == before[name].tobytes()
    assert backend.compiles == 2


class Rebinds(torch.nn.Module):
    """Puts a new tensor in the place of its buffer, and shares one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.one = torch.nn.Linear(64, 64)
        self.two = torch.nn.Linear(64, 64)
        self.two.weight = self.one.weight
        self.head = torch.nn.Linear(64, 10)
        self.frozen = torch.nn.Parameter(torch.ones(64), requires_grad=False)
        self.register_buffer("mean", torch.zeros(64))

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor | None]:
        x = x.flatten(1)
        if self.training:
            self.mean = 0.5 * self.mean + 0.5 * x.detach().mean(0)
        hidden = self.two(torch.tanh(self.one(x - self.mean))) * self.frozen
        return {"output": self.head(hidden), "hidden": hidden, "none": None}


def test_buffers_may_be_replaced_and_weights_shared(backend: TorchBackend) -> None:
    graph = training(Rebinds)
    assert "two.weight" not in graph.parameters
    assert graph.parameters["frozen"].kind == "constant"
    assert list(graph.outputs) == ["output", "hidden", "loss"]
    params = backend.initial_parameters(graph, 0)
    store = backend.store(params)
    executable = backend.compile(graph, store, train=TrainSpec(AdamW(lr=0.01, weight_decay=0.5)))
    mean, losses = np.zeros(64), []
    for step in range(20):
        losses.append(float(executable.train_step(batch(step % 2)).loss))
        mean = 0.5 * mean + 0.5 * batch(step % 2)["image"].reshape(16, 64).mean(0)
    after = store.export().parameters
    np.testing.assert_allclose(after["mean"], mean, rtol=1e-4, atol=1e-6)
    assert losses[-1] < 0.7 * losses[0]
    assert after["frozen"].tobytes() == params["frozen"].tobytes()


class Several(torch.nn.Module):
    """Two inputs, words among them; lazily sized."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(20, 3)
        self.fc = torch.nn.LazyLinear(10)

    def forward(self, words: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.cat([self.table(words).mean(1), image.flatten(1)], 1))


def test_several_inputs_come_by_name(backend: TorchBackend) -> None:
    inputs = {"image": nn.batched((1, 8, 8)), "words": nn.batched((5,), "int64")}
    graph = nn.compose(network(Several, inputs), nn.losses.CrossEntropy(), LABEL)
    assert graph.parameters["fc.weight"].shape == (10, 67)
    assert graph.parameters["table.weight"].kind == "embedding"
    executable = backend.compile(
        graph, backend.store(backend.initial_parameters(graph, 0)), train=TrainSpec(SGD(lr=0.1))
    )
    words = np.random.default_rng(0).integers(0, 20, (16, 5))
    losses = [float(executable.train_step({**batch(0), "words": words}).loss) for _ in range(10)]
    assert losses[-1] < losses[0]


def test_an_axis_may_be_a_multiple_of_the_batch() -> None:
    class Doubled(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat([x, x]).flatten(1)

    graph = network(Doubled)
    assert graph.specs[graph.outputs["output"]].shape == (-2, 64)


def test_the_native_module_is_the_users_own(backend: TorchBackend) -> None:
    graph = network(MyNet)
    params = backend.initial_parameters(graph, 3)
    module = backend.native(graph, params)
    assert type(module) is MyNet
    for name, tensor in module.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), params[name])


def test_a_saved_graph_names_no_code() -> None:
    data = nn.graph_to_dict(network(MyNet))
    with pytest.raises(ModelError, match="Native"):
        nn.graph_from_dict(data)
    with pytest.raises(ModelError, match="which only a description in a configuration may name"):
        nn.graph_from_dict(data, lambda kind: Native)


def test_it_may_be_a_part_among_others(backend: TorchBackend) -> None:
    class Head(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(10, name="scores")(nn.relu(x))

    class Both(Catalog):
        def load(self, kind: str, name: str) -> Any:
            return Head if name == "Head" else super().load(kind, name)

    parts = {"modules": ["body", "head"], "body": {"type": NAME}, "head": {"type": "Head"}}
    graph = nn.build_graph(parts, Both(MyNet), {"image": (1, 8, 8)})
    assert {"body.conv.weight", "head.scores.weight"} <= graph.parameters.keys()
    whole = nn.compose(graph, nn.losses.CrossEntropy(), LABEL)
    params = backend.initial_parameters(whole, 0)
    executable = backend.compile(whole, backend.store(params), train=TrainSpec(SGD(lr=0.1)))
    losses = [float(executable.train_step(batch(0)).loss) for _ in range(10)]
    assert losses[-1] < losses[0]


class Failing(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no luck")


class Odd(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return x.new_zeros(len(x) ** 2)


class Listed(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return [x]


class Half(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1, dtype=torch.bfloat16))

    def forward(self, x: torch.Tensor) -> Any:
        return x


@pytest.mark.parametrize(
    ("component", "arguments", "error", "message"),
    [
        (MyNet, {"hiden": 3}, DescriptionError, "no hyperparameter 'hiden'; did you mean 'hidden'"),
        (MyNet, {"hidden": "x"}, DescriptionError, r'of the arguments \{"hidden":"x"\}: TypeError'),
        (OrderedDict, {}, ModelError, "made a OrderedDict, which is no torch.nn.Module"),
        (Failing, {}, ModelError, "fails on a batch of 2 .*: RuntimeError: no luck"),
        (Odd, {}, ShapeError, "is 4 for a batch of 2 and 9 for one of 3, .* no multiple"),
        (Listed, {}, ModelError, "gives list: expected a tensor, or tensors by name"),
        (Half, {}, ModelError, "'weight' is of bfloat16"),
    ],
)
def test_faults_of_a_module_are_told(
    component: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        network(component, **arguments)
    if component is Failing or arguments == {"hidden": "x"}:
        assert caught.value.__cause__ is not None


class Heads(torch.nn.Module):
    """Gives in training what it does not give in evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = torch.nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"aux" if self.training else "output": self.fc(x.flatten(1))}


def test_outputs_that_differ_in_training_are_told(backend: TorchBackend) -> None:
    graph = training(Heads)
    store = backend.store(backend.initial_parameters(graph, 0))
    executable = backend.compile(graph, store, train=TrainSpec(SGD()))
    message = rf"{NAME} gave \['aux'\] in training, and \['output'\] is missing"
    with pytest.raises(ModelError, match=message):
        executable.train_step(batch(0))
