"""Rungs of asynchronous successive halving: who may be promoted next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from heapq import heappop, heappush

import numpy as np

from vega_core.search import by_crowding, fronts


class Rung(ABC):
    """The finished entries of one rung.

    The candidates are the best ``floor(n / eta)`` of its n finished entries. A failed entry counts
    in n and ranks last; a promoted one stays and counts.
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

    Entries are keys ``(value, trial)``. One heap has the candidates with the worst on top, one the
    others with the best on top; an arrival moves at most two keys between them.
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

    After an arrival the fronts are made anew, as far as the first with a trial to promote.
    """

    __slots__ = ("_best", "_eta", "_finished", "_fresh", "_promoted", "_trials", "_values")

    def __init__(self, eta: int) -> None:
        self._eta = eta
        self._finished = 0
        self._trials: list[int] = []
        self._values = array("d")
        self._promoted: list[bool] = []
        self._best: int | None = None  # position of the trial to promote
        self._fresh = True

    def add(self, trial: int, values: tuple[float, ...] | None) -> None:
        self._finished += 1
        self._fresh = False
        if values is not None:
            self._trials.append(trial)
            self._values.extend(values)
            self._promoted.append(False)

    def promotable(self) -> int | None:
        if not self._fresh:
            self._best = self._rank()
            self._fresh = True
        return None if self._best is None else self._trials[self._best]

    def promote(self) -> None:
        if self._best is not None:
            self._promoted[self._best] = True
        self._fresh = False

    def _rank(self) -> int | None:
        left = self._finished // self._eta
        if not left or not self._trials:
            return None
        values = np.array(self._values).reshape(len(self._trials), -1)
        promoted = np.array(self._promoted)
        for front in fronts(values):
            if not promoted[front].all():
                candidates = by_crowding(values, front)[:left]
                waiting = candidates[~promoted[candidates]]
                return int(waiting[0]) if len(waiting) else None
            left -= len(front)
            if left <= 0:
                break
        return None
