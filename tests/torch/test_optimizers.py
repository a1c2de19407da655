"""Every rule over 25 steps: against the NumPy reference and against PyTorch's own optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from vega_backend_torch.backend import TorchBackend
from vega_backend_torch.rules import RULES
from vega_backend_torch.store import TorchGradients
from vega_core import nn
from vega_core.backend import GRDA, SGD, Adam, AdamW, Group, Optimizer, RMSprop, State, TrainSpec
from vega_core.backend.reference import ReferenceUpdate

STEPS = 25
RULE_CASES: dict[str, tuple[Optimizer, Callable[[Any], torch.optim.Optimizer] | None]] = {
    "SGD": (SGD(lr=0.05), lambda p: torch.optim.SGD(p, 0.05)),
    "SGD momentum": (
        SGD(lr=0.05, momentum=0.9, weight_decay=0.1, decay_all=True),
        lambda p: torch.optim.SGD(p, 0.05, 0.9, weight_decay=0.1),
    ),
    "SGD Nesterov": (
        SGD(lr=0.05, momentum=0.9, nesterov=True),
        lambda p: torch.optim.SGD(p, 0.05, 0.9, nesterov=True),
    ),
    "Adam": (
        Adam(lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1, decay_all=True),
        lambda p: torch.optim.Adam(p, 0.01, (0.8, 0.95), 1e-6, 0.1),
    ),
    "AdamW": (
        AdamW(lr=0.01, weight_decay=0.1, decay_all=True),
        lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1),
    ),
    "RMSprop": (RMSprop(lr=0.01), lambda p: torch.optim.RMSprop(p, 0.01)),
    "RMSprop momentum": (
        RMSprop(lr=0.01, alpha=0.9, momentum=0.8, weight_decay=0.1, decay_all=True),
        lambda p: torch.optim.RMSprop(p, 0.01, 0.9, 1e-8, 0.1, 0.8),
    ),
    "groups": (
        SGD(
            lr=0.05,
            momentum=0.9,
            weight_decay=0.1,
            groups=(Group("conv.*", lr_scale=0.1), Group("*", decay_scale=2.0)),
        ),
        None,
    ),
    "gRDA": (GRDA(lr=0.5, c=0.02, mu=0.7), None),
    "gRDA decay": (GRDA(lr=0.1, c=0.01, weight_decay=0.1, decay_all=True), None),
    "decay on weights only": (AdamW(lr=0.01, weight_decay=0.5), None),
}


class Net(nn.Network):
    """A convolution (four axes), a norm and a dense layer."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.BatchNorm(name="norm")(nn.Conv(3, name="conv")(x))
        return nn.Linear(2, name="fc")(nn.flatten(x))


def graph() -> nn.Graph:
    model = nn.trace(Net(), {"x": nn.batched((2, 4, 4))})
    return nn.compose(model, nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})


def gradients(step: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(step)
    return {
        name: rng.standard_normal(spec.shape).astype(np.float32)
        for name, spec in graph().parameters.items()
        if spec.kind != "statistic"
    }


def on_device(arrays: dict[str, np.ndarray]) -> TorchGradients:
    layouts = {4: torch.channels_last}
    return TorchGradients(
        {
            name: torch.tensor(array).to(
                memory_format=layouts.get(array.ndim, torch.contiguous_format)
            )
            for name, array in arrays.items()
        }
    )


@pytest.mark.parametrize("name", RULE_CASES)
@pytest.mark.parametrize("clip", [None, 3.0])
def test_25_steps_agree_with_the_reference(
    backend: TorchBackend, name: str, clip: float | None
) -> None:
    optimizer, _ = RULE_CASES[name]
    params = nn.initial_parameters(graph(), 0)
    executable = backend.compile(
        graph(), backend.store(params), train=TrainSpec(optimizer, clip_norm=clip)
    )
    reference = ReferenceUpdate(
        optimizer, graph().parameters, {n: a.astype(np.float64) for n, a in params.items()}
    )
    for step in range(STEPS):
        rates = {"lr": optimizer.lr * (1 + step % 3)}
        executable.apply(on_device(gradients(step)), rates)
        reference.step(gradients(step), rates, clip)
    state = executable.store.export()
    assert state.position == STEPS
    for parameter, expected in reference.params.items():
        np.testing.assert_allclose(state.parameters[parameter], expected, rtol=2e-5, atol=2e-6)
        for slot, value in reference.slots.get(parameter, {}).items():
            np.testing.assert_allclose(
                state.slots[f"{parameter}/{slot}"], value, rtol=2e-5, atol=2e-6
            )
    moved = [n for n in params if not np.array_equal(params[n], state.parameters[n])]
    assert moved == [n for n, spec in graph().parameters.items() if spec.kind != "statistic"]


@pytest.mark.parametrize("name", [name for name, case in RULE_CASES.items() if case[1]])
def test_25_steps_agree_with_pytorch(backend: TorchBackend, name: str) -> None:
    optimizer, make = RULE_CASES[name]
    assert make is not None
    params = nn.initial_parameters(graph(), 0)
    executable = backend.compile(graph(), backend.store(params), train=TrainSpec(optimizer))
    theirs = {n: torch.tensor(params[n], requires_grad=True) for n in gradients(0)}
    native = make(list(theirs.values()))
    for step in range(STEPS):
        executable.apply(on_device(gradients(step)))
        for parameter, array in gradients(step).items():
            theirs[parameter].grad = torch.tensor(array)
        native.step()
    ours = executable.store.export().parameters
    for parameter, tensor in theirs.items():
        np.testing.assert_allclose(ours[parameter], tensor.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_a_momentum_that_begins_at_zero(backend: TorchBackend) -> None:
    """PyTorch keeps no velocity at momentum 0; ours is the gradient, so that it may rise later."""
    optimizer = SGD(lr=0.1, weight_decay=0.1)
    params = nn.initial_parameters(graph(), 0)
    executable = backend.compile(graph(), backend.store(params), train=TrainSpec(optimizer))
    reference = ReferenceUpdate(optimizer, graph().parameters, dict(params))
    for step, momentum in enumerate([0.0, 0.9, 0.0, 0.5]):
        executable.apply(on_device(gradients(step)), {"momentum": momentum})
        reference.step(gradients(step), {"momentum": momentum})
    ours = executable.store.export().parameters
    for name in gradients(0):
        np.testing.assert_allclose(ours[name], reference.params[name], rtol=1e-5, atol=1e-6)


class Lion(Optimizer):
    """A rule of a plugin, which knows only NumPy."""

    slots = {"mean": "parameter", "steps": "count"}  # noqa: RUF012
    rates = ("lr", "weight_decay")

    def update(self, parameter: Any, gradient: Any, slots: Any, rates: Any) -> Any:
        step = np.sign(0.9 * slots["mean"] + 0.1 * gradient)
        mean = 0.99 * slots["mean"] + 0.01 * gradient
        return parameter - rates["lr"] * step, {"mean": mean, "steps": slots["steps"] + 1}


def test_a_rule_without_a_kernel_runs_by_its_reference(backend: TorchBackend) -> None:
    assert Lion not in RULES
    params = nn.initial_parameters(graph(), 0)
    store = backend.store(params)
    executable = backend.compile(graph(), store, train=TrainSpec(Lion(lr=0.1)))
    reference = ReferenceUpdate(Lion(lr=0.1), graph().parameters, dict(params))
    for step in range(3):
        executable.apply(on_device(gradients(step)))
        reference.step(gradients(step))
    state = store.export()
    for name in gradients(0):
        np.testing.assert_allclose(state.parameters[name], reference.params[name], rtol=1e-5)
        assert state.slots[f"{name}/steps"] == 3
        assert state.slots[f"{name}/steps"].dtype == np.int64


@pytest.mark.parametrize("name", ["SGD momentum", "AdamW", "RMSprop"])
def test_the_order_of_a_gradient_in_memory_does_not_matter(
    backend: TorchBackend, name: str
) -> None:
    """The fused kernels are silently wrong where it differs from the parameter's."""
    optimizer, _ = RULE_CASES[name]
    results = []
    for layout in (torch.channels_last, torch.contiguous_format):
        store = backend.store(nn.initial_parameters(graph(), 0))
        executable = backend.compile(graph(), store, train=TrainSpec(optimizer))
        tensors = on_device(gradients(0)).tensors
        moved = {
            n: t.contiguous(memory_format=layout) if t.ndim == 4 else t for n, t in tensors.items()
        }
        executable.apply(TorchGradients(moved))
        results.append(store.export().parameters["conv.weight"])
    np.testing.assert_array_equal(*results)


def test_grda_sets_the_weights_to_zero_that_the_reference_does(backend: TorchBackend) -> None:
    optimizer = GRDA(lr=0.1, c=0.5, mu=0.6)
    params = nn.initial_parameters(graph(), 0)
    executable = backend.compile(graph(), backend.store(params), train=TrainSpec(optimizer))
    reference = ReferenceUpdate(optimizer, graph().parameters, dict(params))
    for step in range(STEPS):
        executable.apply(on_device(gradients(step)))
        reference.step(gradients(step))
    ours, theirs = executable.store.export().parameters["fc.weight"], reference.params["fc.weight"]
    np.testing.assert_array_equal(ours == 0, theirs == 0)
    assert 0.1 < (ours == 0).mean() < 0.9


def test_a_slot_that_is_a_copy_begins_with_the_parameter(backend: TorchBackend) -> None:
    spec = TrainSpec(GRDA(lr=0.1))
    store = backend.store(nn.initial_parameters(graph(), 0))
    executable = backend.compile(graph(), store, train=spec)
    fresh = store.snapshot()

    def copied(key: str = "fc.weight") -> bool:
        state = store.export()
        return np.array_equal(state.parameters[key], state.slots[f"{key}/accumulator"])

    assert copied()
    executable.apply(on_device(gradients(0)))
    assert not copied()
    trained = store.export()
    store.load(trained)
    assert not copied()
    store.load(State(trained.parameters))
    assert copied()
    executable.apply(on_device(gradients(0)))
    store.restore(fresh)
    assert copied()
    other = backend.store(nn.initial_parameters(graph(), 1))
    store.copy_from(other, {"fc.weight": "fc.weight"})
    assert copied()
    assert np.array_equal(
        store.export().parameters["fc.weight"], other.export().parameters["fc.weight"]
    )
    again = backend.store(nn.initial_parameters(graph(), 2))
    again.load(trained)
    backend.compile(graph(), again, train=spec).apply(on_device(gradients(1)))
    store.load(trained)
    executable.apply(on_device(gradients(1)))
    for key, array in store.export().slots.items():
        np.testing.assert_array_equal(array, again.export().slots[key])
