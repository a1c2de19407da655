"""Graphs: constants, shared parameters, modes, and where gradients stop."""

from __future__ import annotations

import numpy as np

from vega_core import nn
from vega_core.arrays import Array
from vega_core.backend import SGD, TrainSpec
from vega_core.nn.initializers import Normal
from vega_core.nn.reference import evaluate
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import CLASSES, batch, classifier
from vega_core.testing.backend.states import check_kept, check_moved
from vega_core.testing.compare import check_close, check_gradient, check_varies, require

DECAYING = SGD(lr=0.1, momentum=0.9, weight_decay=0.1, decay_all=True)
OFFSETS = tuple((0.5 * i, -1.0 * i, 2.0) for i in range(CLASSES))


class Constants(nn.Network):
    """Constants of every form: numbers and arrays, floats, integers and truths."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = 3 - nn.Linear(CLASSES, name="fc")(x) / 2
        x = nn.matmul(x, nn.constant(OFFSETS))
        x = x + nn.cast(nn.constant((1, 2, 3), "int64"), "float32")
        return nn.where(nn.constant((True, False, True), "bool"), x, x * 0.25)


class Stopped(nn.Network):
    """A layer behind a stop, one before it, and a parameter that never changes."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.stop_gradient(nn.Linear(4, name="behind")(x))
        fixed = nn.parameter("fixed", (4,), Normal(1.0), "constant")
        return nn.Linear(CLASSES, name="output")(x * fixed)


class Shared(nn.Network):
    """One layer called twice, and a table that is looked up and multiplied with."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        layer = nn.Linear(5, name="layer")
        return nn.Linear(CLASSES, name="output")(layer(nn.tanh(layer(x))))


class Modes(nn.Network):
    """A value that depends on the mode."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        x = nn.Linear(CLASSES, name="output")(x)
        return nn.by_mode(x * 2, x - 1)


class GraphTests(BackendKit):
    """Small networks, each against the reference in both modes."""

    def test_constants(self) -> None:
        self._agrees(Constants())

    def test_values_by_mode(self) -> None:
        self._agrees(Modes())

    def test_shared_parameters(self) -> None:
        """They get the sum of the gradients of their uses."""
        self._agrees(Shared())

    def test_gradients_stop(self) -> None:
        """What is behind a stop, and constants, are not trained."""
        graph = classifier(Stopped())
        executable = self.ready(graph, TrainSpec(DECAYING))
        before = executable.store.export()
        names = executable.gradients(batch(graph)).names
        require(set(names) == {"output.weight", "output.bias"}, f"gradients of {sorted(names)}")
        for step in range(3):
            executable.train_step(batch(graph, seed=step))
        after = executable.store.export()
        check_kept(after, before, ["fixed", "behind.weight", "behind.bias"], "behind a stop")
        check_moved(after, before.parameters, "output.weight", "output.bias")
        self._agrees(Stopped())

    def _agrees(self, network: nn.Network) -> None:
        """Checks outputs in both modes, and the gradients of what no stop is in front of."""
        graph, where = classifier(network), type(network).__name__
        given = batch(graph)
        executable = self.ready(graph, TrainSpec(SGD(lr=1.0)))
        params = executable.store.export().parameters
        exact = {name: array.astype(np.float64) for name, array in params.items()}
        predicted, trained = executable.predict(given), executable.train_step(given)
        after = executable.store.export().parameters
        check_varies(predicted["output"], where)
        evaluation = evaluate(graph, exact, given).outputs
        training = evaluate(graph, exact, given, mode="train").outputs
        for name in graph.outputs:
            check_close(predicted[name], evaluation[name], self.tolerance, f"{where}, {name!r}")
            check_close(trained[name], training[name], self.tolerance, f"{where}, {name!r}")
        for name, spec in graph.parameters.items():
            if not spec.trained or name.startswith("behind"):
                continue

            def loss(array: Array, name: str = name) -> float:
                changed = {**exact, name: array}
                return float(evaluate(graph, changed, given, mode="train").outputs["loss"])

            gradient = exact[name] - after[name]
            what = f"{where}, gradient of {name!r}"
            slope = check_gradient(loss, exact[name], gradient, self.training_tolerance, what)
            require(slope > 0, f"{what} is zero, nothing is compared")
