"""Controls that are numbers, integers and arrays reach the graph, and never compile anything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vega_backend_torch.backend import TorchBackend
from vega_core import nn
from vega_core.backend import GRDA, SGD, TrainSpec
from vega_core.errors import ModelError

LABEL = {"label": nn.batched((), "int64")}


class Net(nn.Network):
    """Scales, masks and shifts its features, each by a control of another form."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.Linear(4, name="fc")(x)
        x = x * nn.control("scale", 1.0) * nn.control("mask", 1.0, (4,))
        times = nn.cast(nn.control("times", 1, dtype="int64"), "float32")
        return x * times + nn.control("shift", 0.5, (1, 4))


def graph() -> nn.Graph:
    model = nn.trace(Net(), {"x": nn.batched((3,))})
    return nn.compose(model, nn.losses.CrossEntropy(), LABEL)


def batch() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "x": rng.standard_normal((6, 3)).astype(np.float32),
        "label": rng.integers(0, 4, 6),
    }


def test_the_output_is_a_function_of_every_control(backend: TorchBackend) -> None:
    training = graph()
    params = nn.initial_parameters(training, 0)
    executable = backend.compile(training, backend.store(params), train=TrainSpec(SGD(lr=0.0)))
    plain = batch()["x"] @ params["fc.weight"].T + params["fc.bias"]
    assert np.ptp(plain, axis=0).min() > 0.1
    mask, shift = np.array([1, 0, 2, 0], np.float32), np.array([[1, 2, 3, 4]], np.float32)
    cases = [
        ({}, plain + 0.5),
        ({"scale": 2.0}, 2 * plain + 0.5),
        ({"mask": mask}, plain * mask + 0.5),
        ({"times": 3, "shift": 0.0}, 3 * plain),
        ({"times": np.int64(2), "scale": np.float32(0.5), "shift": shift}, plain + shift),
    ]
    for controls, expected in cases:
        for output in (
            executable.train_step(batch(), controls)["output"],
            executable.predict(batch(), controls)["output"],
        ):
            np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)
    assert backend.compiles == 2


def test_a_masked_feature_gets_no_gradient(backend: TorchBackend) -> None:
    training = graph()
    store = backend.store(nn.initial_parameters(training, 0))
    executable = backend.compile(training, store, train=TrainSpec(SGD(lr=0.0)))
    gradient = executable.gradients(batch(), {"mask": np.array([1, 0, 1, 0])})["fc.weight"]
    assert (gradient[[0, 2]] != 0).all()
    assert (gradient[[1, 3]] == 0).all()


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({"mask": np.ones(3)}, r"control 'mask' is \(3,\), and \(4,\) in the graph"),
        ({"scale": np.ones(2)}, r"control 'scale' is one number, and got \(2,\) of them"),
        ({"masc": np.ones(4)}, "no control 'masc'; did you mean 'mask'"),
    ],
)
def test_controls_that_do_not_fit_are_named(
    backend: TorchBackend, controls: dict[str, np.ndarray], message: str
) -> None:
    training = graph()
    store = backend.store(nn.initial_parameters(training, 0))
    executable = backend.compile(training, store, train=TrainSpec(SGD(lr=0.1)))
    with pytest.raises(ModelError, match=message):
        executable.train_step(batch(), controls)
    assert store.position == 0


def test_a_control_may_not_be_called_like_a_rate(backend: TorchBackend) -> None:
    class Clash(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return nn.Linear(4, name="fc")(x) * nn.control("mu", 1.0)

    model = nn.trace(Clash(), {"x": nn.batched((3,))})
    training = nn.compose(model, nn.losses.CrossEntropy(), LABEL)
    store = backend.store(nn.initial_parameters(training, 0))
    backend.compile(training, store, train=TrainSpec(SGD()))
    with pytest.raises(ModelError, match="control 'mu' is one of the graph and a rate of"):
        backend.compile(training, store, train=TrainSpec(GRDA()))


def test_a_graph_may_have_neither_inputs_nor_parameters(backend: TorchBackend) -> None:
    class Fixed(nn.Network):
        def forward(self, x: nn.Tensor) -> dict[str, nn.Tensor]:
            scale = nn.control("scale", 3.0)
            return {"output": x, "fixed": nn.constant((1.0, 2.0)) * scale}

    graph = nn.trace(Fixed(), {"x": nn.batched((2,))})
    alone = replace(graph, outputs={"fixed": graph.outputs["fixed"]}).pruned().restricted([])
    outputs = backend.compile(alone, backend.store({})).predict({}, {"scale": 2.0})
    np.testing.assert_array_equal(outputs["fixed"], [2.0, 4.0])


def test_an_element_type_never_becomes_code(backend: TorchBackend) -> None:
    class Net(nn.Network):
        def forward(self, x: nn.Tensor) -> nn.Tensor:
            return x + nn.constant(1.0)

    graph = nn.trace(Net(), {"x": nn.batched((2,))})
    forged = replace(nn.ops.Constant(1.0), dtype="float32, device=print('no')")
    nodes = tuple(
        replace(node, op=forged) if isinstance(node.op, nn.ops.Constant) else node
        for node in graph.nodes
    )
    executable = backend.compile(replace(graph, nodes=nodes), backend.store({}))
    with pytest.raises(ModelError, match="element type"):
        executable.predict({"x": np.ones((1, 2), np.float32)})
