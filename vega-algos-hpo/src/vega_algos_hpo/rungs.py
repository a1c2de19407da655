"""Rungs of asynchronous successive halving: who may be promoted next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from heapq import heappop, heappush

from vega_core.search import selection_order


class Rung(ABC):
    """The finished entries of one rung.

    The candidates are the best ``floor(n / eta)`` of its n finished entries. A failed entry counts in n and
    ranks last; a promoted one stays and counts.
    """

    __slots__ = ()

    @abstractmethod
    def add(self, trial: int, values: tuple[float, ...] | None) -> None:
        """Adds a finished trial with its objectives, to be minimised, or None if it failed."""

    @abstractmethod
    def promotable(self) -> int | None:
        """Returns the best candidate that has not been promoted, or None."""

    @abstractmethod
    def promote(self) -> None:
        """Marks `promotable` as promoted."""


class ScalarRung(Rung):
    """A rung ranked by one objective, ties by trial number; O(log n) an operation.

    Entries are keys ``(value, trial)``. One heap has the candidates with the worst on top, one the others
    with the best on top; an arrival moves at most two keys between them.
    """

    __slots__ = ("_candidates", "_eta", "_finished", "_others", "_promoted", "_ready")

    def __init__(self, eta: int) -> None:
        self._eta = eta
        self._finished = 0
        self._candidates: list[tuple[float, int]] = []  # negated
        self._others: list[tuple[float, int]] = []
        # Those to promote, best first. What has ceased to be a candidate is worse than all that
        # are, so it lies behind them and may stay.
        self._ready: list[tuple[float, int]] = []
        self._promoted: set[int] = set()

    def add(self, trial: int, values: tuple[float, ...] | None) -> None:
        self._finished += 1
        if values is not None:
            self._enter((values[0], trial))
        if self._others and len(self._candidates) < self._finished // self._eta:
            self._admit(heappop(self._others))

    def _enter(self, key: tuple[float, int]) -> None:
        if self._candidates and key < _negated(self._candidates[0]):
            heappush(self._others, _negated(heappop(self._candidates)))
            self._admit(key)
        else:
            heappush(self._others, key)

    def _admit(self, key: tuple[float, int]) -> None:
        heappush(self._candidates, _negated(key))
        if key[1] not in self._promoted:
            heappush(self._ready, key)

    def promotable(self) -> int | None:
        if self._ready and self._ready[0] <= _negated(self._candidates[0]):
            return self._ready[0][1]
        return None

    def promote(self) -> None:
        key = self._ready[0]
        self._promoted.add(key[1])
        # A key that was a candidate, ceased to be one and became one again is there twice.
        while self._ready and self._ready[0] == key:
            heappop(self._ready)


def _negated(key: tuple[float, int]) -> tuple[float, int]:
    return -key[0], -key[1]


class ParetoRung(Rung):
    """A rung ranked by non-dominated rank, then crowding, then order of arrival.

    The ranking is made anew after an arrival, at the cost of one non-dominated sort.
    """

    __slots__ = ("_best", "_eta", "_finished", "_fresh", "_promoted", "_trials", "_values")

    def __init__(self, eta: int) -> None:
        self._eta = eta
        self._finished = 0
        self._trials: list[int] = []
        self._values: list[tuple[float, ...]] = []
        self._promoted: set[int] = set()
        self._best: int | None = None
        self._fresh = True

    def add(self, trial: int, values: tuple[float, ...] | None) -> None:
        self._finished += 1
        self._fresh = False
        if values is not None:
            self._trials.append(trial)
            self._values.append(values)

    def promotable(self) -> int | None:
        if not self._fresh:
            self._fresh = True
            self._best = self._rank()
        return self._best

    def promote(self) -> None:
        if self._best is not None:
            self._promoted.add(self._best)
        self._fresh = False

    def _rank(self) -> int | None:
        size = self._finished // self._eta
        if not size or not self._values:
            return None
        candidates = (self._trials[index] for index in selection_order(self._values)[:size])
        return next((trial for trial in candidates if trial not in self._promoted), None)
