"""Errors and notices of a configuration, collected and told all at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vega_core.config.nodes import Mark, Node, Path, dotted
from vega_core.errors import ConfigError

SHARED_KEYS = ("general", "pipeline", "plugins")
"""The top-level keys that are not steps."""


def within(path: Path) -> Path:
    """Returns a path without the step that it starts with, where something follows."""
    return path[1:] if len(path) > 1 and path[0] not in SHARED_KEYS else path


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message about one place of a configuration."""

    path: Path
    message: str
    mark: Mark

    def __str__(self) -> str:
        origin, line, column = self.mark
        if origin.startswith("--set "):
            return f"{origin}: {self.message}"
        # With a line, the step is known already.
        if line:
            origin = f"{origin}:{line}:{column}"
        path = within(self.path) if line else self.path
        return ": ".join(filter(None, [origin, dotted(path), self.message]))

    def to_json(self) -> dict[str, Any]:
        """Returns the parts as plain data."""
        return {
            "file": self.mark.origin,
            "line": self.mark.line,
            "column": self.mark.column,
            "path": dotted(self.path),
            "message": self.message,
        }


class InvalidConfigError(ConfigError):
    """A configuration with one or more faults; its text has one line for each.

    Attributes:
        diagnostics: The faults, in the order of the file.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = _sorted(diagnostics)
        super().__init__("\n".join(str(item) for item in self.diagnostics))


class Report:
    """Collects what is found in one configuration while it is read.

    Attributes:
        root: The tree that paths are looked up in; it may be changed while it is reported on.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self._errors: dict[Diagnostic, None] = {}
        self._notices: dict[Diagnostic, None] = {}
        self._renamed: dict[tuple[Mark, str], str] = {}

    def error(self, path: Path, message: str, mark: Mark | None = None) -> None:
        """Records a fault at a path; without a mark, at the place of the deepest known key."""
        self._errors[self._diagnostic(path, message, mark)] = None

    def notice(self, path: Path, message: str, mark: Mark | None = None) -> None:
        """Records a remark that does not stop the run; its text says what it is about."""
        place = self._diagnostic(path, message, mark).mark
        self._notices[Diagnostic((), message, place)] = None

    def renamed(self, old: str, new: str, mark: Mark) -> None:
        """Notes that a spelling is now another; of several steps only the first and the last."""
        first = self._first_spelling(old, mark)
        self._renamed[mark, new] = first
        self._notices[Diagnostic((), f"'{first}' is now '{new}'", mark)] = None

    def dropped(self, key: str, reason: str, mark: Mark) -> None:
        """Notes that a key is accepted and does nothing."""
        because = f": {reason}" if reason else ""
        message = f"'{self._first_spelling(key, mark)}' has no effect{because}"
        self._notices[Diagnostic((), message, mark)] = None

    def _first_spelling(self, key: str, mark: Mark) -> str:
        """Returns what was written for a key; its own notice, if any, gives way to a new one."""
        first = self._renamed.get((mark, key), key)
        self._notices.pop(Diagnostic((), f"'{first}' is now '{key}'", mark), None)
        return first

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The faults, sorted by place, none twice."""
        return _sorted(self._errors)

    @property
    def notices(self) -> tuple[Diagnostic, ...]:
        """The remarks, sorted by place, none twice."""
        return _sorted(self._notices)

    def raise_errors(self) -> None:
        """Raises all faults as one error, if there are any.

        Raises:
            InvalidConfigError: At least one fault was recorded.
        """
        if self._errors:
            raise InvalidConfigError(self.errors)

    def _diagnostic(self, path: Path, message: str, mark: Mark | None) -> Diagnostic:
        one_line = " ".join(message.split())
        return Diagnostic(path, one_line, mark or self.root.nearest(path).place)


def _sorted(items: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sorts by place; of what a ``ref`` has copied, one fault is told once."""
    lines = {str(item): item for item in reversed(list(items))}
    return tuple(sorted(lines.values(), key=lambda item: (item.mark, dotted(item.path))))
