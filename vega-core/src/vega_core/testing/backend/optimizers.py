"""Every optimizer over 25 steps against the NumPy reference, on gradients that the kit gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vega_core.arrays import Array
from vega_core.backend import (
    GRDA,
    SGD,
    Adam,
    AdamW,
    Group,
    Optimizer,
    RMSprop,
    State,
    TrainSpec,
)
from vega_core.backend.reference import ReferenceUpdate
from vega_core.backend.schedules import CosineAnnealing
from vega_core.testing.backend.base import BackendKit
from vega_core.testing.backend.models import DENSE, TABLE, batch, slopes
from vega_core.testing.compare import check_all_close, check_close, check_same_bytes, require
from vega_core.testing.conformance import Cases

STEPS = 25
GROUPS = (Group("kernel", lr_scale=0.3), Group("bias", decay_scale=2.0), Group("tab*", 0.5))


@dataclass(frozen=True)
class Rule:
    """One way to update.

    Attributes:
        name: What tests call it.
        optimizer: The optimizer.
        clip_norm: Largest norm of all gradients together.
    """

    name: str
    optimizer: Optimizer
    clip_norm: float | None = None

    def __str__(self) -> str:
        return self.name


RULES: Sequence[Rule] = (
    Rule("SGD", SGD(lr=0.05)),
    Rule("SGD with momentum", SGD(lr=0.05, momentum=0.9, weight_decay=0.1)),
    Rule("SGD, Nesterov", SGD(lr=0.05, momentum=0.9, weight_decay=0.1, nesterov=True)),
    Rule("SGD in groups", SGD(lr=0.05, momentum=0.9, weight_decay=0.1, groups=GROUPS)),
    Rule("SGD, clipped", SGD(lr=0.05, momentum=0.9, decay_all=True, weight_decay=0.1), 3.0),
    Rule("Adam", Adam(lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    Rule("Adam in groups, clipped", Adam(lr=0.01, weight_decay=0.1, groups=GROUPS), 3.0),
    Rule("AdamW", AdamW(lr=0.01, weight_decay=0.5)),
    Rule("AdamW in groups", AdamW(lr=0.01, weight_decay=0.5, groups=GROUPS, decay_all=True)),
    Rule("RMSprop", RMSprop(lr=0.01, weight_decay=0.1)),
    Rule("RMSprop with momentum", RMSprop(lr=0.01, alpha=0.9, momentum=0.8, groups=GROUPS), 3.0),
    Rule("gRDA", GRDA(lr=0.05, c=0.02, mu=0.6)),
    Rule("gRDA in groups", GRDA(lr=0.05, c=0.02, weight_decay=0.1, groups=GROUPS)),
)


class OptimizerTests(BackendKit):
    """The graph's loss is linear in its parameters, so that a batch says the gradients."""

    def cases(self) -> Cases:
        return {**super().cases(), "rule": lambda: RULES}

    def test_25_steps(self, rule: Rule) -> None:
        """Under a schedule; what has no gradient, and rows that nobody looks up, stay."""
        graph = slopes()
        executable = self.ready(graph, TrainSpec(rule.optimizer, clip_norm=rule.clip_norm))
        before = executable.store.export()
        reference = reference_of(rule, before)
        rates = CosineAnnealing().bind(lr=rule.optimizer.lr, steps_per_epoch=5, epochs=STEPS // 5)
        for step in range(STEPS):
            executable.train_step(batch(graph, seed=step), rates(step))
            advance(reference, rule, step, rates(step))
        after = executable.store.export()
        require(after.position == STEPS, f"{rule}: the position is {after.position}")
        self._held(after, reference, str(rule))
        for name in DENSE:
            moved = float(np.abs(after.parameters[name] - before.parameters[name]).max())
            require(moved > 1e-4, f"{rule}: {name!r} did not move, nothing is compared")
        idle = ({"idle": after.parameters["idle"]}, {"idle": before.parameters["idle"]})
        check_same_bytes(*idle, f"{rule}, without a gradient")

    def test_rows_that_nobody_looks_up_stay(self, rule: Rule) -> None:
        """No decay, no momentum: after one step of the whole table, steps of its first half."""
        graph = slopes()
        executable = self.ready(graph, TrainSpec(rule.optimizer, clip_norm=rule.clip_norm))
        for step, ids in enumerate(([0, 1, 2, 3], [2, 3, 4, 5], [0, 1, 1, 0], [2, 0, 0, 0])):
            before = tables(executable.store.export())
            executable.train_step({**batch(graph, seed=step), "ids": np.asarray(ids)})
            after = tables(executable.store.export())
            others = np.setdiff1d(np.arange(TABLE[0]), ids)
            for name, array in before.items():
                where = f"{rule}, {name!r}"
                check_same_bytes({name: after[name][others]}, {name: array[others]}, where)
                moved = not np.array_equal(after[name][ids], array[ids])
                require(moved, f"{where}: the rows that are looked up did not move")

    def test_a_state_goes_to_the_reference_and_back(self, rule: Rule) -> None:
        """Slots mean the same everywhere: what one began, the other ends."""
        graph = slopes()
        train = TrainSpec(rule.optimizer, clip_norm=rule.clip_norm)
        executable = self.ready(graph, train)
        for step in range(4):
            executable.train_step(batch(graph, seed=step))
        reference = reference_of(rule, executable.store.export())
        for step in range(4, 8):
            executable.train_step(batch(graph, seed=step))
            advance(reference, rule, step)
        self._held(executable.store.export(), reference, f"{rule}, carried on by the reference")
        taken_over = self.ready(graph, train)
        taken_over.store.load(state_of(reference, executable.store.export()))
        for step in range(8, 12):
            taken_over.train_step(batch(graph, seed=step))
            advance(reference, rule, step)
        self._held(taken_over.store.export(), reference, f"{rule}, carried on from the reference")

    def _held(self, state: State, reference: ReferenceUpdate, where: str) -> None:
        expected = {name: np.asarray(array) for name, array in reference.params.items()}
        check_all_close(state.parameters, expected, self.training_tolerance, where)
        for name, slots in reference.slots.items():
            for slot, array in slots.items():
                key = f"{name}/{slot}"
                require(key in state.slots, f"{where}: there is no slot {key!r}")
                kept = state.slots[key]
                if np.asarray(array).dtype.kind == "i":
                    require(kept.dtype == np.int64, f"{where}: {key!r} is {kept.dtype}, not int64")
                check_close(kept, np.asarray(array), self.training_tolerance, f"{where}, {key!r}")


def reference_of(rule: Rule, state: State) -> ReferenceUpdate:
    """Returns the reference, in float64, where a state stands."""
    slots: dict[str, dict[str, Array]] = {}
    for key, array in state.slots.items():
        name, _, slot = key.rpartition("/")
        slots.setdefault(name, {})[slot] = array if array.dtype.kind == "i" else _exact(array)
    params = {name: _exact(array) for name, array in state.parameters.items()}
    return ReferenceUpdate(rule.optimizer, slopes().parameters, params, slots)


def advance(
    reference: ReferenceUpdate, rule: Rule, step: int, controls: Mapping[str, float] | None = None
) -> None:
    """Takes a step of the reference on the gradients of a batch."""
    given = batch(slopes(), seed=step)
    gradients: dict[str, Array] = {name: _exact(given[name]) for name in DENSE}
    table = np.zeros(TABLE)
    np.add.at(table, given["ids"], _exact(given["table"]))
    gradients["table.weight"] = table
    reference.step(gradients, controls, rule.clip_norm, {"table.weight": given["ids"]})


def state_of(reference: ReferenceUpdate, like: State) -> State:
    """Returns where the reference stands as a state of the element types of another."""
    slots = {
        f"{name}/{slot}": np.asarray(array)
        for name, own in reference.slots.items()
        for slot, array in own.items()
    }
    return State(
        {name: a.astype(like.parameters[name].dtype) for name, a in reference.params.items()},
        {key: array.astype(like.slots[key].dtype) for key, array in slots.items()},
        like.position,
    )


def tables(state: State) -> dict[str, Array]:
    """Returns the table and those of its slots that have its shape."""
    parts = {"table.weight": state.parameters["table.weight"]}
    for key, array in state.slots.items():
        if key.startswith("table.weight/") and array.shape == TABLE:
            parts[key] = array
    return parts


def _exact(array: Array) -> Array:
    return np.asarray(array, np.float64)
