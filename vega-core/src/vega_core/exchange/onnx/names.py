"""Names that are unique in a graph or a file."""

from __future__ import annotations


class Names:
    """Gives names that nothing has yet."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def fresh(self, name: str) -> str:
        """Returns the name, or with a number behind it."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found
