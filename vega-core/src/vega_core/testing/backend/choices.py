"""Choices: the chosen branch is computed, and the others are not touched."""

from __future__ import annotations

import numpy as np

from vega_core import nn
from vega_core.backend import SGD, TrainSpec
from vega_core.errors import ModelError
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import Branches, batch, classifier
from vega_core.testing.backend.states import check_kept, check_moved, check_same_state
from vega_core.testing.compare import (
    check_all_close,
    check_close,
    check_differs,
    check_varies,
    require,
)
from vega_core.testing.refusing import refused

TRAIN = TrainSpec(SGD(lr=0.1, momentum=0.9, weight_decay=0.1, decay_all=True))
OWN = (("wide", "norm", "back"), ("narrow",), ())
"""Beginnings of the names that each branch has for itself."""


class ChoiceTests(BackendKit):
    """A choice between a branch with statistics, one without, and one without parameters."""

    def test_the_chosen_branch_is_the_specialised_graph(self) -> None:
        """Over several steps, and in prediction."""
        graph = classifier(Branches())
        outputs = []
        for number in range(len(OWN)):
            control = {"pick": number}
            whole = self.ready(graph, TRAIN)
            alone = nn.specialised(graph, control)
            part = self.ready(alone, TRAIN)
            for step in range(3):
                given = batch(graph, seed=step)
                one, two = whole.train_step(given, control), part.train_step(given)
                where = f"branch {number}, step {step}"
                check_varies(one["output"], where)
                check_close(one["output"], two["output"], self.training_tolerance, where)
            expected, actual = part.store.export(), whole.store.export()
            names = list(alone.parameters)
            check_moved(actual, nn.initial_parameters(graph, 0), *names)
            kept = {name: actual.parameters[name] for name in names}
            check_all_close(kept, expected.parameters, self.training_tolerance, f"branch {number}")
            outputs.append(whole.predict(batch(graph), control)["output"])
            predicted = part.predict(batch(graph))["output"]
            check_close(outputs[-1], predicted, self.training_tolerance, f"branch {number}")
        for number, output in enumerate(outputs):
            check_differs(output, outputs[number - 1], f"branch {number} and another")

    def test_unused_branches_keep_their_bytes(self) -> None:
        """Parameters, slots and statistics, after each branch has been trained once."""
        graph = classifier(Branches())
        executable = self.ready(graph, TRAIN)
        for number in range(len(OWN)):
            executable.train_step(batch(graph), {"pick": number})
        for number, own in enumerate(OWN):
            before = executable.store.export()
            for step in range(2):
                executable.train_step(batch(graph, seed=step), {"pick": number})
            after = executable.store.export()
            others = [prefix for other in OWN for prefix in other if prefix not in own]
            kept = [n for n in graph.parameters if any(f".{p}." in f".{n}" for p in others)]
            require(bool(kept), "there are no other branches")
            check_kept(after, before, kept, f"while branch {number} is trained")
            check_moved(after, before.parameters, *set(graph.parameters).difference(kept))

    def test_gradients_are_of_the_chosen_branch(self) -> None:
        graph = classifier(Branches())
        executable = self.ready(graph, TRAIN)
        for number in range(len(OWN)):
            names = executable.gradients(batch(graph), {"pick": number}).names
            alone = nn.specialised(graph, {"pick": number}).parameters
            expected = {name for name, spec in alone.items() if spec.trained}
            require(set(names) == expected, f"branch {number}: gradients of {sorted(names)}")

    def test_choices_never_compile(self) -> None:
        """Once every branch has been seen."""
        graph = classifier(Branches())
        executable = self.ready(graph, TRAIN)
        given = batch(graph)
        counts = []
        for numbers in ((0, 1, 2), (2, 0, 1, np.int64(2))):
            for number in numbers:
                executable.train_step(given, {"pick": number})
                executable.predict(given, {"pick": number})
            counts.append(self.warm.compiles)
        require(counts[0] == counts[1], f"choices built programs again: {counts}")

    def test_a_choice_that_is_not_there_is_refused(self) -> None:
        graph = classifier(Branches())
        executable = self.ready(graph, TRAIN)
        before = executable.store.export()
        for number in (-1, len(OWN)):
            controls = {"pick": number}
            for attempt in (executable.train_step, executable.predict):
                what = f"choice {number}"
                refused(ModelError, what, attempt, batch(graph), controls, named="pick")
        check_same_state(executable.store.export(), before, "after a choice was refused")
