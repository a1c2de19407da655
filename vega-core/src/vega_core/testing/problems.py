"""Small problems and surroundings for conformance kits."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np

from vega_core.search import Constraint, Objectives, Problem
from vega_core.space import SearchSpace
from vega_core.testing.compare import require

PLAIN: Mapping[str, Any] = {
    "hyperparameters": [
        {"key": "lr", "type": "FLOAT_EXP", "range": [1e-4, 1e-1]},
        {"key": "layers", "type": "INT", "range": [1, 4]},
        {"key": "optimizer", "type": "CATEGORY", "range": ["Adam", "SGD"]},
    ]
}
CONDITIONAL: Mapping[str, Any] = {
    "hyperparameters": [
        *PLAIN["hyperparameters"],
        {"key": "momentum", "type": "FLOAT", "range": [0.0, 0.99]},
    ],
    "condition": [
        {
            "key": "momentum_of_sgd",
            "child": "momentum",
            "parent": "optimizer",
            "type": "EQUAL",
            "range": ["SGD"],
        }
    ],
}
ONE_POINT: Mapping[str, Any] = {
    "hyperparameters": [{"key": "optimizer", "type": "CATEGORY", "range": ["SGD"]}]
}


def problem(
    space: Mapping[str, Any] = PLAIN, objectives: Mapping[str, str] | None = None
) -> Problem:
    """Returns a problem that any algorithm can solve."""
    parsed = Objectives.parse(objectives or {"loss": "min"})
    return Problem(SearchSpace.from_config(space), parsed, seed=7, budget=4)


def constrained() -> Problem:
    """Returns a problem of which about half of the configurations break a constraint."""
    return Problem(
        SearchSpace.from_config(PLAIN),
        Objectives.parse({"loss": "min"}),
        (Constraint("layers", "<=", 2),),
        seed=7,
        analyse=lambda config: {"layers": config["layers"]},
        budget=4,
    )


@contextmanager
def surroundings(seed: int, time: float) -> Iterator[None]:
    """Sets the global generators and the clock; nothing may be drawn from the former."""
    kept = random.getstate(), np.random.get_state()  # noqa: NPY002 - it must not matter
    try:
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        before = random.getstate(), repr(np.random.get_state())  # noqa: NPY002
        with mock.patch("time.time", return_value=time):
            yield
        after = random.getstate(), repr(np.random.get_state())  # noqa: NPY002
        require(before == after, "draws from a global generator; use self.rng")
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002


def shuffled() -> Callable[[Any], int]:
    """Returns a fixed random choice of what ends next."""
    chance = random.Random(5)  # noqa: S311
    return lambda running: chance.randrange(len(running))
