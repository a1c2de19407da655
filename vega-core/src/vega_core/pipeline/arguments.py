"""Checks of what ``vega.tune`` is given, before anything is made from it."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from numbers import Real
from typing import Any

from vega_core.errors import SearchError, UserError, suggest
from vega_core.execute import Limits
from vega_core.plugins.parameters import parameters_of
from vega_core.search import Algorithm

_HABITS = {
    "n_trials": "trials",
    "num_trials": "trials",
    "max_trials": "trials",
    "direction": 'objectives={"loss": "min"}',
    "directions": 'objectives={"loss": "min"}',
    "mode": 'objectives={"loss": "min"}',
    "metric": "objectives",
    "n_jobs": "workers",
    "sampler": "algorithm",
    "timeout": "trial_timeout, the seconds of one trial",
    "storage": "output",
}
"""Arguments of other libraries, and what is meant here."""
_OWN = (
    *("objective", "space", "algorithm", "objectives", "trials", "workers", "seed"),
    *("deterministic", "constraints", "analyse", "budget", "trial_timeout", "memory_limit_mb"),
    *("output", "resume", "progress"),
)


def check_values(objective: Any, workers: Any, *limits: Any) -> None:
    """Refuses values of a wrong type.

    Raises:
        UserError: Names the argument, the value and what is expected.
    """
    if not callable(objective):
        raise UserError(
            f"objective: expected a function of a configuration, got {_shown(objective)}"
        )
    try:
        number = -1 if isinstance(workers, bool) else operator.index(workers)
    except TypeError:
        number = -1
    if number < 0:
        raise SearchError(f"workers: expected 0 or more, as an integer, got {_shown(workers)}")
    for name, value in zip(("trial_timeout", "memory_limit_mb"), limits, strict=True):
        number_like = isinstance(value, Real) and not isinstance(value, bool)
        if value is not None and not (number_like and value > 0):
            raise SearchError(f"{name}: expected a number above 0, or None, got {_shown(value)}")


def check_names(cls: type[Algorithm], trials: int | None, params: Mapping[str, Any]) -> None:
    """Refuses arguments that neither ``tune`` nor the algorithm has.

    Raises:
        SearchError: Names the argument that is meant, where that can be told.
    """
    known = {parameter.name for parameter in parameters_of(cls)}
    if trials is not None and "num_samples" not in known:
        raise SearchError(f"{cls.__name__} does not take a number of trials; leave out trials=")
    for name in params:
        if name in known:
            continue
        if name in _HABITS:
            raise SearchError(f"tune has no argument '{name}'; give {_HABITS[name]}")
        if not suggest(name, known) and suggest(name, _OWN):
            raise SearchError(f"tune has no argument '{name}'{suggest(name, _OWN)}")


def check_place(name: str | None, limits: Limits) -> None:
    """Refuses limits where nothing can enforce them.

    Args:
        name: By which a child process can import the function; None where it runs in this one.
        limits: Of every attempt.

    Raises:
        SearchError: There are limits and no child processes.
    """
    if name is None and limits != Limits():
        raise SearchError(
            "trial_timeout and memory_limit_mb need child processes: give workers, and a function "
            "that a child can import (not a lambda, a local function or one of a notebook)"
        )


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '...'} ({type(value).__name__})"
