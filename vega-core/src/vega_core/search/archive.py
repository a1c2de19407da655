"""What is known of every trial."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from vega_core.search.objectives import Objectives
from vega_core.search.pareto import non_dominated
from vega_core.search.proposal import Config

_Key = tuple[tuple[float, ...], float, int]


@dataclass(frozen=True, slots=True)
class Trial:
    """A configuration with a number and its result at the largest budget that succeeded.

    Attributes:
        number: The trial's number.
        config: Name -> value.
        budget: The largest budget at which it succeeded; None if it has not.
        values: Objective -> value at that budget, in the user's directions; empty if it has not.
    """

    number: int
    config: Config
    budget: float | None
    values: dict[str, float]


class Archive(Sequence[Trial]):
    """The trials by number; a sequence that makes its records when they are read.

    Kept as columns, because a search may hold a million of them. A trial without a result has NaN.
    """

    __slots__ = ("_asked", "_best", "_budgets", "_columns", "_configs", "_objectives", "_stale")

    def __init__(self, objectives: Objectives) -> None:
        self._objectives = objectives
        self._configs: list[Config] = []
        self._asked = array("d")
        self._budgets: list[float | None] = []
        self._columns = [array("d") for _ in objectives.names]
        self._best: _Key | None = None
        self._stale = False

    def open(self, config: Config) -> None:
        """Adds a trial without a result."""
        self._configs.append(config)
        self._asked.append(0.0)
        self._budgets.append(None)
        for column in self._columns:
            column.append(math.nan)

    def ask(self, number: int, budget: float) -> None:
        """Notes that a trial is to be evaluated at a budget, larger than those before."""
        self._asked[number] = budget

    def asked(self, number: int) -> float:
        """Returns the largest budget at which a trial was to be evaluated."""
        return self._asked[number]

    def config(self, number: int) -> Config:
        """Returns a trial's own configuration, which the caller must not change."""
        return self._configs[number]

    def record(self, number: int, budget: float, values: tuple[float, ...]) -> None:
        """Notes a success; the one at the largest budget stands, whatever order they come in."""
        known = self._budgets[number]
        if known is not None and budget < known:
            return
        self._budgets[number] = budget
        for column, value in zip(self._columns, values, strict=True):
            column[number] = value
        key = (values, -budget, number)
        if self._best is not None and number == self._best[2]:
            self._stale = True
        elif self._best is None or key < self._best:
            self._best = key

    def best(self) -> Trial | None:
        """Returns the trial with the least first objective, or None if no trial has succeeded.

        Every trial counts with its result at its largest budget. Of equal ones the larger
        budget wins, then the lower number.
        """
        if self._stale:
            self._best = min(map(self._key, self._succeeded()))
            self._stale = False
        return None if self._best is None else self[self._best[2]]

    def pareto(self) -> list[Trial]:
        """Returns the trials whose result no other's dominates, by number."""
        numbers = self._succeeded()
        values = np.array(self._columns)[:, numbers].T
        return [self[numbers[index]] for index in np.flatnonzero(non_dominated(values))]

    def __len__(self) -> int:
        return len(self._configs)

    @overload
    def __getitem__(self, index: int) -> Trial: ...
    @overload
    def __getitem__(self, index: slice) -> list[Trial]: ...
    def __getitem__(self, index: int | slice) -> Trial | list[Trial]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        budget = self._budgets[number]
        values = {} if budget is None else self._objectives.metrics(self._values(number))
        return Trial(number, dict(self._configs[number]), budget, values)

    def _succeeded(self) -> list[int]:
        return [number for number, budget in enumerate(self._budgets) if budget is not None]

    def _values(self, number: int) -> tuple[float, ...]:
        return tuple(column[number] for column in self._columns)

    def _key(self, number: int) -> _Key:
        return self._values(number), -(self._budgets[number] or 0), number
