"""Controls: what changes from step to step, and never builds anything."""

from __future__ import annotations

import numpy as np

from vega_core import nn
from vega_core.arrays import Array
from vega_core.backend import SGD, AdamW, Controls, TrainSpec
from vega_core.nn.reference import evaluate
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import Controlled, batch, classifier
from vega_core.testing.backend.states import check_moved
from vega_core.testing.compare import (
    check_all_close,
    check_close,
    check_differs,
    check_varies,
    require,
)

MASK = np.asarray([1, 0, 1, 0.5, 0, 2], np.float32)
VARIED: tuple[dict[str, float | Array], ...] = (
    {},
    {"strength": 0.3},
    {"mask": MASK},
    {"mask": 0.5},
    {"shift": 2},
    {"shift": np.int64(-3), "strength": np.float32(1.5), "mask": MASK[::-1]},
)
"""Numbers, arrays, and a number for an array, of Python's and NumPy's types."""


class ControlTests(BackendKit):
    """A classifier with a number, an array, an integer and a rate as controls."""

    def test_controls_mean_what_the_reference_says(self) -> None:
        """In prediction and in training."""
        graph = classifier(Controlled())
        given = batch(graph)
        executable = self.ready(graph, TrainSpec(SGD(lr=0.0)))
        params = executable.store.export().parameters
        exact = {name: array.astype(np.float64) for name, array in params.items()}
        seen: list[Array] = []
        for controls in VARIED:
            expected = evaluate(graph, exact, given, controls=controls).outputs["output"]
            trained = executable.train_step(given, controls)["output"]
            for actual in (executable.predict(given, controls)["output"], trained):
                check_varies(actual, f"outputs with {controls}")
                check_close(actual, expected, self.tolerance, f"outputs with {controls}")
            for other in seen:
                check_differs(trained, other, f"outputs with {controls}")
            seen.append(trained)

    def test_controls_never_compile(self) -> None:
        """Neither new values, nor other defaults, nor other rates of the optimizer."""
        given = batch(classifier(Controlled()))
        counts = set()
        for trial in range(4):
            graph = classifier(Controlled(strength=1.0 + trial))
            rates = SGD(lr=0.1 / (trial + 1), momentum=0.1 * trial, weight_decay=0.01 * trial)
            executable = self.ready(graph, TrainSpec(rates, clip_norm=1.0 + trial))
            for step, controls in enumerate(VARIED):
                more = {"drop.rate": 0.1 * step, "lr": 0.01 * step, "clip_norm": 1.0 + step}
                executable.train_step(given, {**controls, **more, "seed": trial})
                executable.gradients(given, controls)
                executable.predict(given, controls)
            counts.add(self.warm.compiles)
        require(len(counts) == 1, f"other values of controls built programs: {sorted(counts)}")

    def test_another_graph_compiles(self) -> None:
        """So that a count that stands still says something."""
        before = self.warm.compiles
        model = nn.trace(nn.Linear(3, name="only"), {"x": nn.batched((7,))})
        self.ready(model).predict({"x": np.ones((2, 7), np.float32)})
        require(self.warm.compiles > before, "a new graph was built, and nothing was counted")

    def test_defaults_are_each_graphs_own(self) -> None:
        """A program may be shared by graphs that differ in them; the values may not."""
        given = batch(classifier(Controlled()))
        executables = [self.ready(classifier(Controlled(strength=s))) for s in (1.0, 2.0)]
        one, two = (executable.predict(given)["output"] for executable in executables)
        check_differs(one, two, "other defaults")
        (weak, _), explicit = executables, {"strength": 2.0}
        check_close(weak.predict(given, explicit)["output"], two, self.tolerance, "a default")

    def test_rates_of_the_optimizer(self) -> None:
        """A rate that is given holds for that step alone."""
        graph = classifier(Controlled())
        given = batch(graph)
        plain, told = AdamW(lr=0.02, betas=(0.5, 0.9)), AdamW(lr=0.5)
        rates: Controls = {"lr": 0.02, "beta1": 0.5, "beta2": 0.9}
        expected, actual = (self.ready(graph, TrainSpec(rule)) for rule in (plain, told))
        for step in range(3):
            expected.train_step(batch(graph, seed=step))
            actual.train_step(batch(graph, seed=step), rates)
        before = actual.store.export()
        check_moved(before, nn.initial_parameters(graph, 0), *graph.parameters)
        wanted = expected.store.export().parameters
        check_all_close(before.parameters, wanted, self.tolerance, "rates that are given")
        actual.train_step(given, {**rates, "lr": 0.0})
        still = actual.store.export().parameters
        for name, array in before.parameters.items():
            same = np.array_equal(array, still[name])
            require(same, f"{name!r} moved at a learning rate of 0")
        actual.train_step(given, rates)
        check_moved(actual.store.export(), before.parameters, "fc.weight", "head.bias")
