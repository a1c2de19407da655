"""How values are held: channels last from one operator to the next, turned at the borders alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from vega_backend_tf.backend import TensorFlowBackend
from vega_backend_tf.layout import assign
from vega_core import nn
from vega_core.nn.reference import evaluate

IMAGE = (3, 6, 8)


class Around(nn.Network):
    """Something between two convolutions."""

    inside: Callable[[nn.Tensor], nn.Tensor]

    def forward(self, image: nn.Tensor) -> nn.Tensor:
        x = self.inside(nn.Conv(4, 3, name="first")(image))
        return nn.Conv(2, 1, name="last")(x)


def scaled(x: nn.Tensor) -> nn.Tensor:
    """Channels by a vector of theirs, rows by one of theirs, all by a mask and a number."""
    channels = nn.parameter("channels", (4, 1, 1), nn.initializers.Normal(1.0))
    columns = nn.parameter("columns", (8,), nn.initializers.Normal(1.0))
    return x * channels + columns - 0.5


INSIDE: dict[str, tuple[Callable[[nn.Tensor], nn.Tensor], bool]] = {
    "elements": (lambda x: nn.relu(x) + nn.tanh(x), True),
    "broadcast": (scaled, True),
    "padding": (lambda x: nn.pad(x, (0, 0, 1, 2, 0, 0, 0, 1)), True),
    "channels joined": (lambda x: nn.concat([x, x * 2.0], 1), True),
    "means kept": (lambda x: x - nn.reduce_mean(x, (1,), True), True),
    "softmax of channels": (lambda x: nn.softmax(x, 1), True),
    "transposed": (lambda x: nn.transpose(x, 0, 1, 3, 2), False),
    "reshaped": (lambda x: nn.reshape(x, 0, 8, 3, 8), False),
}


@pytest.mark.parametrize(("inside", "last"), INSIDE.values(), ids=INSIDE)
def test_values_mean_the_same_in_either_form(
    backend: TensorFlowBackend, inside: Callable[[nn.Tensor], nn.Tensor], last: bool
) -> None:
    graph = nn.trace(Around(inside), {"image": nn.batched(IMAGE)})
    rng = np.random.default_rng(0)
    params = {
        name: rng.standard_normal(spec.shape).astype(spec.dtype)
        for name, spec in graph.parameters.items()
    }
    given = {"image": rng.standard_normal((4, *IMAGE)).astype(np.float32)}
    output = backend.compile(graph, backend.store(params)).predict(given)["output"]
    exact = {name: array.astype(np.float64) for name, array in params.items()}
    expected = evaluate(graph, exact, {"image": given["image"].astype(np.float64)})
    np.testing.assert_allclose(output, expected.outputs["output"], rtol=1e-4, atol=1e-4)
    assert np.ptp(output, axis=0).max() > 1e-2
    layout = assign(graph.in_mode("eval"))
    between = [
        layout.values[value]
        for node in graph.nodes
        for value in graph.values(node)
        if value not in graph.outputs.values() and len(graph.specs[value].shape) > 2 and node.inputs
    ]
    assert all(between) == last


def test_pictures_turn_once_on_their_way_in_and_once_on_their_way_out() -> None:
    from vega_backend_tf.function import Bank
    from vega_backend_tf.program import Lowered, Prediction

    graph = nn.trace(Around(INSIDE["broadcast"][0]), {"image": nn.batched(IMAGE)})
    store = TensorFlowBackend().store(nn.initial_parameters(graph, 0))
    bank = Bank.of([store.variable(name) for name in graph.parameters])  # type: ignore[attr-defined]
    lowered = Lowered.of(graph, None, "graph")
    program = Prediction(lowered, lowered.specs({"image": (4, *IMAGE)}), bank)
    turned = [
        op
        for op in program._run._traced.graph.get_operations()
        if op.type == "Transpose" and len(op.outputs[0].shape) == 4 and 4 in op.outputs[0].shape[:1]
    ]
    assert len(turned) == 2
