"""Determinism: a resumed run is the undisturbed one, byte for byte, on one machine."""

from __future__ import annotations

from vega_core import nn
from vega_core.backend import AdamW, Backend, Executable, State, TrainSpec
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import batch, pictures
from vega_core.testing.backend.states import check_moved, check_same_state
from vega_core.testing.compare import check_differs

TRAIN = TrainSpec(AdamW(lr=0.01, weight_decay=0.1), clip_norm=1.0)
STEPS = 8


class DeterminismTests(BackendKit):
    """A classifier of pictures with dropout and statistics."""

    def test_two_runs_are_one(self) -> None:
        """Also in a new backend, to the last bit; another seed gives another run."""
        first = _run(self._picture_run(), 0, STEPS).store.export()
        again = _run(self._picture_run(self.backend()), 0, STEPS).store.export()
        other = _run(self._picture_run(), 0, STEPS, seed=6).store.export()
        check_moved(first, nn.initial_parameters(pictures(), 0), *pictures().parameters)
        check_same_state(again, first, "the same run in a new backend")
        check_differs(other.parameters["fc.weight"], first.parameters["fc.weight"], "another seed")

    def test_a_resumed_run_is_the_undisturbed_one(self) -> None:
        """Stopped after any step, and taken up in a new backend."""
        undisturbed = _run(self._picture_run(), 0, STEPS).store.export()
        for stop in (1, 3, STEPS - 1):
            saved = _run(self._picture_run(), 0, stop).store.export().to_arrays()
            resumed = self._picture_run(self.backend())
            resumed.store.load(State.from_arrays(saved))
            _run(resumed, stop, STEPS)
            where = f"a run that was resumed after step {stop}"
            check_same_state(resumed.store.export(), undisturbed, where)

    def test_predictions_in_between_change_nothing(self) -> None:
        undisturbed = _run(self._picture_run(), 0, STEPS).store.export()
        executable = self._picture_run()
        for step in range(STEPS):
            executable.predict(batch(pictures(), 3, seed=99))
            _run(executable, step, step + 1)
        where = "a run with predictions in between"
        check_same_state(executable.store.export(), undisturbed, where)

    def _picture_run(self, backend: Backend | None = None) -> Executable:
        return self.ready(pictures(), TRAIN, backend=backend)


def _run(executable: Executable, begin: int, end: int, seed: int = 5) -> Executable:
    """Returns the executable after steps; each is a function of its number."""
    for step in range(begin, end):
        controls = {"seed": seed, "lr": 0.01 / (1 + step)}
        executable.train_step(batch(pictures(), seed=step), controls)
    return executable
