"""Prediction: what a batch reaches, of any size, and nothing that moves."""

from __future__ import annotations

import numpy as np

from vega_core.backend import SGD, TrainSpec
from vega_core.errors import DataError
from vega_core.nn.reference import evaluate
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import batch, pictures
from vega_core.testing.backend.states import check_same_state
from vega_core.testing.compare import check_close, check_same_bytes, check_varies, require
from vega_core.testing.refusing import refused


class PredictionTests(BackendKit):
    """A classifier of pictures with dropout and statistics, after a few steps."""

    def test_a_prediction_is_the_references(self) -> None:
        """With the statistics that training has moved."""
        graph = pictures()
        executable = self.ready(graph, TrainSpec(SGD(lr=0.1)))
        for step in range(3):
            executable.train_step(batch(graph, seed=step))
        params = executable.store.export().parameters
        exact = {name: array.astype(np.float64) for name, array in params.items()}
        given = batch(graph, seed=8)
        predicted, expected = executable.predict(given), evaluate(graph, exact, given)
        check_varies(predicted["output"], "the outputs")
        for name in graph.outputs:
            check_close(predicted[name], expected.outputs[name], self.tolerance, f"{name!r}")

    def test_it_changes_nothing(self) -> None:
        executable = self.ready(pictures(), TrainSpec(SGD(lr=0.1, momentum=0.9)))
        executable.train_step(batch(pictures()))
        before = executable.store.export()
        executable.predict(batch(pictures(), seed=1))
        check_same_state(executable.store.export(), before, "after a prediction")

    def test_a_batch_gives_the_outputs_that_it_reaches(self) -> None:
        executable = self.ready(pictures())
        given = batch(pictures())
        both = executable.predict(given)
        alone = executable.predict({"image": given["image"]})
        require(set(both) == {"output", "loss"}, f"a whole batch gives {sorted(both)}")
        require(set(alone) == {"output"}, f"pictures alone give {sorted(alone)}")
        check_close(alone["output"], both["output"], self.tolerance, "pictures alone")
        what = "labels alone"
        refused(DataError, what, executable.predict, {"label": given["label"]}, named="image")

    def test_samples_do_not_depend_on_the_others(self) -> None:
        """So a batch may be of any size, or be padded."""
        executable = self.ready(pictures())
        images = batch(pictures())["image"]
        whole = executable.predict({"image": images})["output"]
        check_varies(whole, "the outputs")
        for size in (1, 5):
            part = executable.predict({"image": images[:size]})["output"]
            check_close(part, whole[:size], self.tolerance, f"{size} samples")
        padded = np.concatenate([images[:5], np.zeros_like(images[5:])])
        part = executable.predict({"image": padded})["output"][:5]
        check_close(part, whole[:5], self.tolerance, "a padded batch")

    def test_arrays_of_any_layout(self) -> None:
        """Read-only, reversed, transposed, and of element types that convert; none is changed."""
        executable = self.ready(pictures(), TrainSpec(SGD(lr=0.0), statistics=()))
        given = batch(pictures())
        expected = executable.predict(given)
        kept = {name: array.copy() for name, array in given.items()}
        layouts = {
            "read-only arrays": dict(kept),
            "arrays of 64 bits": {**given, "image": given["image"].astype(np.float64)},
            "labels of 32 bits": {**given, "label": given["label"].astype(np.int32)},
            "views that run backwards": {n: a[::-1].copy()[::-1] for n, a in given.items()},
            "pictures stored channels last": {
                **given,
                "image": given["image"].transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2),
            },
        }
        for array in layouts["read-only arrays"].values():
            array.flags.writeable = False
        for what, arrays in layouts.items():
            predicted = executable.predict(arrays)
            check_close(predicted["output"], expected["output"], self.tolerance, what)
            executable.train_step(arrays)
        executable.train_step(given)
        check_same_bytes(given, kept, "the caller's arrays")

    def test_outputs_are_the_callers(self) -> None:
        """Writing to them changes neither the store nor what comes next."""
        executable = self.ready(pictures(), TrainSpec(SGD(lr=0.0)))
        given = batch(pictures())
        first = executable.predict(given)["output"]
        kept = first.copy()
        if first.flags.writeable:
            first.fill(7.0)
        again = executable.predict(given)["output"]
        check_same_bytes({"output": again}, {"output": kept}, "a second prediction")
