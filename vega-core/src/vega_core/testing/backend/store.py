"""The store: what goes in comes out, and nothing is ever half-loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from vega_core import nn
from vega_core.arrays import Array
from vega_core.backend import AdamW, Executable, State, TrainSpec
from vega_core.errors import ModelError, StateError
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import Parts, batch, classifier, pictures
from vega_core.testing.backend.states import check_same_state
from vega_core.testing.compare import (
    check_all_close,
    check_differs,
    check_same_bytes,
    require,
)
from vega_core.testing.refusing import refused

TRAIN = TrainSpec(AdamW(lr=0.01))


class StoreTests(BackendKit):
    """A classifier of pictures, trained by AdamW: parameters, statistics and slots."""

    def test_an_export_is_what_was_put_in(self) -> None:
        params = nn.initial_parameters(pictures(), 0)
        state = self.store(params).export()
        check_same_bytes(state.parameters, params, "an export")
        require((dict(state.slots), state.position) == ({}, 0), "a new store has slots or steps")

    def test_a_store_has_copies(self) -> None:
        """Of what it was given, and of what it gives."""
        params = nn.initial_parameters(pictures(), 0)
        kept = {name: array.copy() for name, array in params.items()}
        store = self.store(params)
        state = store.export()
        for array in (*params.values(), *state.parameters.values()):
            if array.flags.writeable:
                array.fill(7.0)
        check_same_bytes(store.export().parameters, kept, "after changes outside")

    def test_it_knows_its_parameters(self) -> None:
        graph = pictures()
        shapes = self.ready(graph, TRAIN).store.shapes
        expected = {name: (spec.shape, spec.dtype) for name, spec in graph.parameters.items()}
        require(dict(shapes) == expected, f"shapes: {dict(shapes)} instead of {expected}")

    def test_export_and_load(self) -> None:
        """Also into a store that has been trained further, whose executables see it."""
        executable = self._after(3)
        state = executable.store.export()
        _check_whole(state)
        predicted = executable.predict(batch(pictures()))
        others = (self.ready(pictures(), TRAIN), self._after(5, seed=9))
        for other in others:
            check_differs(
                other.store.export().parameters["fc.weight"],
                state.parameters["fc.weight"],
                "two stores",
            )
            other.store.load(State.from_arrays(state.to_arrays()))
            check_same_state(other.store.export(), state, "a state that was loaded")
            check_same_bytes(other.predict(batch(pictures())), predicted, "after loading")
            other.train_step(batch(pictures(), seed=3))
        executable.train_step(batch(pictures(), seed=3))
        for other in others:
            check_same_state(
                other.store.export(), executable.store.export(), "a step after loading"
            )

    def test_slots_that_a_state_lacks_begin_anew(self) -> None:
        fresh = self.ready(pictures(), TRAIN)
        used = self._after(3)
        used.store.load(replace(fresh.store.export(), slots={}))
        for executable in (fresh, used):
            executable.train_step(batch(pictures(), seed=5))
        check_same_state(used.store.export(), fresh.store.export(), "slots that began anew")

    def test_snapshot_and_restore(self) -> None:
        """As often as one likes; what is trained in between leaves no trace."""
        executable = self._after(2)
        before, snapshot = executable.store.export(), executable.store.snapshot()
        for _ in range(2):
            executable.train_step(batch(pictures(), seed=7))
            after = executable.store.export()
            check_differs(
                after.parameters["fc.weight"], before.parameters["fc.weight"], "a training step"
            )
            executable.store.restore(snapshot)
            check_same_state(executable.store.export(), before, "a snapshot that was restored")

    def test_add(self) -> None:
        """Scaled gradients, without the optimizer: neither slots nor the position move."""
        executable = self._after(2)
        before = executable.store.export()
        gradients = executable.gradients(batch(pictures(), seed=3))
        middle = executable.store.export()
        executable.store.add(gradients, -0.5)
        after = executable.store.export()
        check_same_bytes(after.slots, before.slots, "slots after adding")
        require(after.position == before.position, "adding counted as a training step")
        expected = dict(middle.parameters)
        for name in gradients.names:
            expected[name] = expected[name] - 0.5 * gradients[name]
        check_all_close(after.parameters, expected, self.tolerance, "adding gradients")
        check_differs(
            after.parameters["fc.weight"], before.parameters["fc.weight"], "adding gradients"
        )

    def test_copy_from(self) -> None:
        """By the names of both; all else keeps its bytes."""
        source, target = self._after(2, seed=1), self._after(2)
        before, theirs = target.store.export(), source.store.export()
        target.store.copy_from(source.store, {"fc.bias": "fc.bias", "norm.weight": "norm.bias"})
        after = target.store.export()
        expected = {
            **before.parameters,
            "fc.bias": theirs.parameters["fc.bias"],
            "norm.weight": theirs.parameters["norm.bias"],
        }
        check_same_bytes(after.parameters, expected, "after copying")
        check_same_bytes(after.slots, before.slots, "slots after copying")
        check_differs(after.parameters["fc.bias"], before.parameters["fc.bias"], "copying")

    def test_a_copy_that_does_not_fit_copies_nothing(self) -> None:
        source, target = self._after(1, seed=1), self._after(1)
        before = target.store.export()
        for names in (
            {"fc.bias": "fc.bias", "norm.weight": "fc.bias"},
            {"fc.bias": "fc.bias", "norm.weight": "nowhere"},
            {"fc.bias": "fc.bias", "nowhere": "norm.bias"},
        ):
            what = f"copying {names}"
            refused(StateError, what, target.store.copy_from, source.store, names)
            check_same_state(target.store.export(), before, f"after {what} was refused")

    def test_names_may_be_exchanged_within_a_store(self) -> None:
        """All is read before anything is written."""
        executable = self._after(3)
        before = executable.store.export().parameters
        weight, bias = "norm.weight", "norm.bias"
        executable.store.copy_from(executable.store, {weight: bias, bias: weight})
        expected = {**before, weight: before[bias], bias: before[weight]}
        check_differs(before[weight], before[bias], "what is exchanged")
        check_same_bytes(executable.store.export().parameters, expected, "two that were exchanged")

    def test_what_is_of_another_model_is_refused(self) -> None:
        """Snapshots and gradients; nothing is changed."""
        executable, graph = self._after(2), classifier(Parts(), 7)
        other = self.ready(graph, TRAIN)
        before = executable.store.export()
        snapshot, gradients = other.store.snapshot(), other.gradients(batch(graph))
        refused(StateError, "another store's snapshot", executable.store.restore, snapshot)
        refused(ModelError, "another model's gradients", executable.store.add, gradients, 1.0)
        check_same_state(executable.store.export(), before, "after what is of another model")

    def test_a_state_that_does_not_fit_changes_nothing(self) -> None:
        """Parameters too few, too many, of another shape or type; slots of any nonsense."""
        executable = self._after(2)
        before = executable.store.export()
        for what, state in _faults(self._after(4, seed=1).store.export()):
            refused(StateError, what, executable.store.load, state)
            check_same_state(
                executable.store.export(), before, f"after a state with {what} was refused"
            )

    def test_a_graph_that_the_store_does_not_hold_is_refused(self) -> None:
        graph = pictures()
        params = dict(nn.initial_parameters(graph, 0))
        wrong = [
            {name: array for name, array in params.items() if name != "fc.bias"},
            {**params, "fc.bias": np.zeros(9, np.float32)},
        ]
        for arrays in wrong:
            what = "a store that does not hold what the graph has"
            refused(ModelError, what, self.ready, graph, params=arrays, named="fc.bias")

    def _after(self, steps: int, seed: int = 0) -> Executable:
        executable = self.ready(pictures(), TRAIN, params=nn.initial_parameters(pictures(), seed))
        for step in range(steps):
            executable.train_step(batch(pictures(), seed=step))
        return executable


def _check_whole(state: State) -> None:
    """Checks names, forms and types of everything that training has made."""
    graph = pictures()
    require(state.position == 3, f"the position is {state.position} after 3 steps")
    require(set(state.parameters) == set(graph.parameters), f"{sorted(state.parameters)}")
    for name, spec in graph.parameters.items():
        if spec.trained:
            for slot, form in AdamW.slots.items():
                key = f"{name}/{slot}"
                require(key in state.slots, f"slots: {key!r} is missing")
                expected = ((), "int64") if form == "count" else (spec.shape, spec.dtype)
                found = (state.slots[key].shape, str(state.slots[key].dtype))
                require(found == expected, f"slot {key!r}: {found} instead of {expected}")


def _faults(state: State) -> Iterator[tuple[str, State]]:
    def parameters(edit: Callable[[dict[str, Array]], object]) -> State:
        arrays = dict(state.parameters)
        edit(arrays)
        return replace(state, parameters=arrays)

    def slots(extra: dict[str, Array]) -> State:
        return replace(state, slots={**state.slots, **extra})

    bias = state.parameters["fc.bias"]
    yield "a missing parameter", parameters(lambda arrays: arrays.pop("fc.bias"))
    yield "one parameter too many", parameters(lambda arrays: arrays.update(more=bias))
    yield "a wrong shape", parameters(lambda arrays: arrays.update({"fc.bias": bias[:2]}))
    yield "a wrong type", parameters(lambda a: a.update({"fc.bias": bias.astype(np.float64)}))
    yield "a slot of nothing", slots({"nowhere/exp_avg": bias})
    yield "a slot of a wrong shape", slots({"fc.bias/exp_avg": bias[:2]})
    yield "a count that is an array", slots({"fc.bias/steps": bias})
