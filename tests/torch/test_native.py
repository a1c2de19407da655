from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from vega_backend_torch.backend import TorchBackend
from vega_backend_torch.plugin import vega_backends
from vega_core import nn
from vega_core.errors import ModelError, StateError
from vega_core.plugins.importing import load_target
from vega_tasks.classification.networks import MLP, ResNet


def graph(network: nn.Network) -> nn.Graph:
    return nn.trace(network, {"image": nn.batched((1, 8, 8))})


def test_a_native_module_has_the_graphs_names_and_outputs(
    backend: TorchBackend, rng: np.random.Generator
) -> None:
    model = graph(ResNet(8, 4))
    params = nn.initial_parameters(model, 0)
    params = {
        name: np.abs(array) + rng.uniform(0.5, 1, array.shape).astype(np.float32)
        if "running_var" in name
        else array
        for name, array in params.items()
    }
    module = backend.native(model, params).eval()
    assert set(module.state_dict()) == set(params)
    statistics = {n for n, spec in model.parameters.items() if spec.kind == "statistic"}
    assert {name for name, _ in module.named_buffers()} == statistics
    images = rng.standard_normal((5, 1, 8, 8)).astype(np.float32)
    expected = backend.compile(model, backend.store(params)).predict({"image": images})["output"]
    assert np.ptp(expected, axis=0).min() > 5e-3
    for candidate in (module, copy.deepcopy(module)):
        given = candidate(torch.tensor(images)).detach().numpy()
        np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(given, candidate(image=torch.tensor(images)).detach())


def test_a_native_module_trains_like_any_other(backend: TorchBackend) -> None:
    model = graph(MLP(10, (16,), 0.5))
    module = backend.native(model, nn.initial_parameters(model, 0))
    images = torch.randn(8, 1, 8, 8)
    assert not torch.equal(module(images), module(images))
    module.eval()
    assert torch.equal(module(images), module(images))
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    module(images).square().mean().backward()
    before = module(images).detach()
    optimizer.step()
    assert not torch.equal(module(images), before)
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    other = backend.native(model, nn.initial_parameters(model, 9)).eval()
    other.load_state_dict(state)
    torch.testing.assert_close(other(images), module(images))


def test_missing_parameters_are_named(backend: TorchBackend) -> None:
    with pytest.raises(StateError, match=r"fc1\.bias"):
        backend.native(graph(MLP(10, (4,))), {})


@pytest.mark.parametrize("own", [False, True], ids=["graph", "module"])
def test_parameters_that_do_not_fit_are_named(backend: TorchBackend, own: bool) -> None:
    inputs = {"image": nn.batched((64,))}
    made = TorchBackend.network("torch:Linear", torch.nn.Linear)(in_features=64, out_features=3)
    model = made.graph(inputs) if own else nn.trace(nn.Linear(3), inputs)
    params = backend.initial_parameters(model, 0)
    name = next(iter(params))
    with pytest.raises(StateError, match=rf"'{name}' is missing"):
        backend.native(model, {n: array for n, array in params.items() if n != name})
    with pytest.raises(StateError, match=rf"'{name}' is \(7, 64\), and \(3, 64\) in the model"):
        backend.native(model, {**params, name: np.ones((7, 64), np.float32)})
    backend.native(model, {**params, "of another graph": np.ones(1)})


def test_the_plugin_names_the_backend() -> None:
    (provider,) = vega_backends()
    assert provider.name == "torch"
    assert load_target(provider.target) is TorchBackend


def test_modules_may_have_the_names_of_methods(backend: TorchBackend) -> None:
    names = ("type", "forward", "parameters", "T_destination")

    class Net(nn.Network):
        def forward(self, image: nn.Tensor) -> nn.Tensor:
            x = nn.flatten(image)
            for name in names:
                x = nn.Linear(5, name=name)(x)
            return nn.BatchNorm(name="float.half")(x)

    model = graph(Net())
    params = nn.initial_parameters(model, 0)
    module = backend.native(model, params).eval()
    assert set(module.state_dict()) == set(params)
    images = np.random.default_rng(0).random((3, 1, 8, 8)).astype(np.float32)
    expected = backend.compile(model, backend.store(params)).predict({"image": images})["output"]
    assert np.ptp(expected, axis=0).min() > 1e-4
    for candidate in (module, copy.deepcopy(module)):
        given = candidate(torch.tensor(images)).detach().numpy()
        np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-6)
    other = backend.native(model, nn.initial_parameters(model, 1))
    other.load_state_dict(module.state_dict())
    torch.testing.assert_close(other.eval()(torch.tensor(images)), module(torch.tensor(images)))


def test_a_name_that_is_a_parameter_and_a_module_is_told(backend: TorchBackend) -> None:
    class Inner(nn.Block):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(2, name="fc.weight.x")(nn.Linear(2, name="fc")(x))

    class Net(nn.Network):
        def forward(self, image: nn.Tensor) -> nn.Tensor:
            x = Inner(name="in")(nn.flatten(image))
            return nn.Linear(2, name="out.weight")(x) + nn.Linear(2, name="out")(x)

    model = graph(Net())
    with pytest.raises(ModelError, match=r"'out\.weight' fits into no torch\.nn\.Module"):
        backend.native(model, nn.initial_parameters(model, 0))


@pytest.mark.parametrize("name", ["training", "_modules", "_places"])
def test_names_that_pytorch_assigns_to_are_told(backend: TorchBackend, name: str) -> None:
    class Net(nn.Network):
        def forward(self, image: nn.Tensor) -> nn.Tensor:
            return nn.Linear(2, name=name)(nn.flatten(image))

    model = graph(Net())
    with pytest.raises(ModelError, match=rf"'{name}\.weight' fits into no .*'{name}' is PyTorch's"):
        backend.native(model, nn.initial_parameters(model, 0))


class Controlled(nn.Network):
    """A rate, a mask, a choice, a part for training alone, and a constant."""

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        x = nn.flatten(image) * nn.control("mask", 1.0, (64,))
        x = nn.choice("op", [nn.Linear(6, name="a"), nn.Linear(6, name="b")], x)
        train = nn.Linear(6, name="trains")(x)
        return nn.by_mode(train, x * nn.parameter("fixed", (6,), kind="constant"))


def test_controls_are_entries_of_the_module(backend: TorchBackend) -> None:
    model = graph(Controlled())
    params = {**nn.initial_parameters(model, 0), "fixed": np.full(6, 2.0, np.float32)}
    module = backend.native(model, params).eval()
    assert set(module.state_dict()) == set(params)
    assert {name for name, _ in module.named_buffers()} == {"fixed"}
    assert module.controls == {"mask": 1.0, "op": 0}
    executable = backend.compile(model, backend.store(params))
    images = np.random.default_rng(0).random((3, 1, 8, 8)).astype(np.float32)
    mask = np.arange(64) % 2
    seen = []
    for controls in ({}, {"op": 1}, {"mask": mask, "op": 0}):
        module.controls.update(controls)
        given = module(torch.tensor(images)).detach().numpy()
        expected = executable.predict({"image": images}, module.controls)["output"]
        np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-6)
        assert np.ptp(given, axis=0).min() > 1e-3
        seen.append(given)
    assert not np.allclose(seen[0], seen[1])
    assert not np.allclose(seen[0], seen[2])
    assert not torch.equal(module.train()(torch.tensor(images)), torch.tensor(seen[2]))
    for controls, message in (
        ({"op": 2}, "'op' has the candidates 0 to 1, and got 2"),
        ({"op": 0, "mask": np.ones(3)}, r"'mask' is \(3,\)"),
        ({"mask": 1.0, "maks": 0}, "no control 'maks'; did you mean 'mask'"),
    ):
        module.controls.update(controls)
        with pytest.raises(ModelError, match=message):
            module(torch.tensor(images))


def test_inputs_that_are_missing_or_left_over_are_told(backend: TorchBackend) -> None:
    model = graph(MLP(10))
    module = backend.native(model, nn.initial_parameters(model, 0))
    image = torch.zeros(1, 1, 8, 8)
    for args, kwargs in (((), {}), ((image, image), {}), ((image,), {"image": image})):
        with pytest.raises(TypeError, match="the network takes image, and was given"):
            module(*args, **kwargs)
    with pytest.raises(TypeError, match="given 0 by position, imag"):
        module(imag=image)


@pytest.mark.filterwarnings("ignore")
def test_torch_export_follows_an_evaluation(backend: TorchBackend) -> None:
    model = graph(Controlled())
    params = {**nn.initial_parameters(model, 0), "fixed": np.full(6, 2.0, np.float32)}
    module = backend.native(model, params).eval()
    module.controls.update({"op": 1, "mask": np.arange(64) % 2})
    images = torch.rand(4, 1, 8, 8)
    batch = torch.export.Dim("N", min=1)
    program = torch.export.export(module, (images,), dynamic_shapes=(({0: batch},),))
    assert set(program.state_dict) == set(params)
    for size in (1, 4, 7):
        x = torch.rand(size, 1, 8, 8)
        torch.testing.assert_close(program.module()(x), module(x))
