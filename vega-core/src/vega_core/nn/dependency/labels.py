"""Numbers for channels, of which some turn out to be one: a union-find over arrays."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ids: TypeAlias = NDArray[np.int64]
"""A number for each place along an axis."""


class Labels:
    """Gives numbers, joins them, and notes why some must stay.

    Everything works on whole arrays, so that a network costs a few operations of NumPy a node.
    """

    def __init__(self) -> None:
        self._parent: Ids = np.arange(256, dtype=np.int64)
        self._count = 0
        self._notes: dict[str, list[tuple[Ids, str]]] = {}

    def fresh(self, count: int) -> Ids:
        """Returns numbers that nothing has yet."""
        first, self._count = self._count, self._count + count
        if self._count > len(self._parent):
            more = np.arange(len(self._parent), 2 * self._count, dtype=np.int64)
            self._parent = np.concatenate([self._parent, more])
        return np.arange(first, self._count, dtype=np.int64)

    def find(self, ids: Ids) -> Ids:
        """Returns the number that stands for all that are joined with each."""
        while True:
            parents = self._parent[ids]
            above = self._parent[parents]
            if np.array_equal(parents, above):
                return parents
            self._parent[ids] = above
            ids = above

    def join(self, a: Ids, b: Ids) -> None:
        """Makes one of what two arrays have at each place; they may broadcast."""
        a, b = np.broadcast_arrays(a, b)
        a, b = a.ravel(), b.ravel()
        while True:
            a, b = self.find(a), self.find(b)
            apart = a != b
            if not apart.any():
                return
            a, b = a[apart], b[apart]
            # Of several that one would hang below, the last wins; the others come around again.
            self._parent[np.maximum(a, b)] = np.minimum(a, b)

    def note(self, what: str, ids: Ids, reason: str) -> None:
        """Notes something of numbers, and of all that they are joined with, now or later."""
        if ids.size:
            self._notes.setdefault(what, []).append((ids, reason))

    def noted(self, what: str) -> dict[int, tuple[str, ...]]:
        """Returns the reasons noted, by the number that stands for the joined ones."""
        found: dict[int, dict[str, None]] = {}
        for ids, reason in self._notes.get(what, ()):
            for root in np.unique(self.find(ids)).tolist():
                found.setdefault(root, {})[reason] = None
        return {root: tuple(reasons) for root, reasons in found.items()}
