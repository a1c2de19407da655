"""Mistakes of a caller: typed errors that name them, after which nothing has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vega_core import nn
from vega_core.arrays import Array
from vega_core.backend import SGD, TrainSpec
from vega_core.errors import DataError, ModelError, ShapeError
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import LABEL, Controlled, batch, classifier, pictures
from vega_core.testing.backend.states import check_same_state
from vega_core.testing.refusing import refused


@dataclass(frozen=True)
class Unheard(Primitive):
    """An operator that no backend has heard of."""

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        return inputs

    def reference(self, call: Call) -> tuple[Array, ...]:
        return tuple(call.inputs)


class Unknown(nn.Network):
    """A network with an operator that has no lowering."""

    def forward(self, x: nn.Tensor) -> nn.Tensor:
        return nn.Linear(3, name="fc")(x.apply(Unheard()))


class RefusalTests(BackendKit):
    """Batches, controls and graphs that do not fit."""

    def test_batches_that_do_not_fit(self) -> None:
        executable = self.ready(pictures(), TrainSpec(SGD(lr=0.1, momentum=0.9)))
        before, given = executable.store.export(), batch(pictures())
        image = given["image"]
        wrong: dict[str, tuple[dict[str, Array], str]] = {
            "a batch without labels": ({"image": image}, "label"),
            "pictures of another size": ({**given, "image": image[..., 1:]}, "image"),
            "pictures without channels": ({**given, "image": image[:, 0]}, "image"),
            "pictures of text": ({**given, "image": image.astype(str)}, "image"),
            "labels that are no integers": ({**given, "label": given["label"] + 0.5}, "label"),
            "more labels than pictures": ({**given, "image": image[:4]}, ""),
        }
        for what, (arrays, named) in wrong.items():
            for attempt in (executable.train_step, executable.gradients):
                refused(DataError, what, attempt, arrays, named=named)
        check_same_state(executable.store.export(), before, "after batches were refused")
        executable.train_step(given)

    def test_controls_that_do_not_fit(self) -> None:
        graph = classifier(Controlled())
        executable = self.ready(graph, TrainSpec(SGD(lr=0.1)))
        before, given = executable.store.export(), batch(graph)
        wrong: list[tuple[str, Any]] = [
            ("strenght", 1.0),
            ("momentun", 0.9),
            ("strength", np.ones(2, np.float32)),
            ("mask", np.ones(5, np.float32)),
            ("shift", 0.5),
            ("lr", np.ones(2)),
            ("lr", "fast"),
            ("seed", 0.5),
        ]
        for name, value in wrong:
            what = f"{value!r} for the control {name!r}"
            rate = name == "lr"  # prediction knows of none
            for attempt in (
                executable.train_step,
                executable.gradients if rate else executable.predict,
            ):
                refused(ModelError, what, attempt, given, {name: value}, named=name)
        check_same_state(executable.store.export(), before, "after controls were refused")

    def test_an_executable_that_only_predicts(self) -> None:
        executable, other = self.ready(pictures()), self.ready(pictures(), TrainSpec(SGD()))
        given = batch(pictures())
        refused(ModelError, "training without a TrainSpec", executable.train_step, given)
        refused(ModelError, "gradients without a TrainSpec", executable.gradients, given)
        gradients = other.gradients(given)
        refused(ModelError, "applying without a TrainSpec", executable.apply, gradients)

    def test_an_operator_without_a_lowering(self) -> None:
        """Before anything is trained, by name."""
        model = nn.trace(Unknown(), {"x": nn.batched((4,))})
        graph = nn.compose(model, nn.losses.CrossEntropy(), LABEL)
        what = "an unknown operator"
        refused(ModelError, what, self.ready, graph, TrainSpec(SGD()), named="Unheard")

    def test_training_that_means_nothing(self) -> None:
        graph = pictures()
        for spec in (
            TrainSpec(SGD(), losses=("nowhere",)),
            TrainSpec(SGD(), losses=("output",)),
            TrainSpec(SGD(), losses=()),
            TrainSpec(SGD(), trainable=("nowhere.*",)),
            TrainSpec(SGD(), statistics=("nowhere.*",)),
        ):
            refused(ModelError, f"{spec}", self.ready, graph, spec)

    def test_a_norm_of_one_value(self) -> None:
        """Its variance would be undefined."""
        model = nn.trace(nn.BatchNorm(name="norm"), {"x": nn.batched((3,))})
        graph = nn.compose(model, nn.losses.CrossEntropy(), LABEL)
        executable = self.ready(graph, TrainSpec(SGD(lr=0.1)))
        before = executable.store.export()
        refused(ShapeError, "a batch of one", executable.train_step, batch(graph, 1))
        check_same_state(executable.store.export(), before, "after a batch of one was refused")
        executable.train_step(batch(graph, 2))

    def test_gradients_of_what_is_not_there(self) -> None:
        one = self.ready(pictures(), TrainSpec(SGD()))
        other_graph = classifier(Controlled())
        other = self.ready(other_graph, TrainSpec(SGD()))
        gradients = other.gradients(batch(other_graph))
        refused(ModelError, "gradients of another model", one.apply, gradients)
