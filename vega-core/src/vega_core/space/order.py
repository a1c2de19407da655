"""The order of parameters in which parents come before their children."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def parents_first(names: Iterable[str], parents: Mapping[str, Sequence[str]]) -> list[str]:
    """Returns the names, each after its parents and otherwise in the order given.

    Raises:
        CycleError: The parents form a cycle.
    """
    done: dict[str, None] = {}
    for name in names:
        _visit(name, parents, done)
    return list(done)


class CycleError(Exception):
    """Parameters that depend on one another.

    Attributes:
        cycle: The names along the edges from parent to child; the first comes again at the end.
    """

    def __init__(self, cycle: Sequence[str]) -> None:
        super().__init__(" -> ".join(cycle))
        self.cycle = tuple(cycle)


def _visit(root: str, parents: Mapping[str, Sequence[str]], done: dict[str, None]) -> None:
    """Adds a name and what it depends on; a loop and not recursion, for chains of any length."""
    trail = dict.fromkeys([root])
    while trail:
        name = next(reversed(trail))
        waiting = next((parent for parent in parents.get(name, ()) if parent not in done), None)
        if waiting is None:
            done[name] = None
            del trail[name]
        elif waiting in trail:
            names = list(trail)
            raise CycleError([waiting, *reversed(names[names.index(waiting) :])])
        else:
            trail[waiting] = None
