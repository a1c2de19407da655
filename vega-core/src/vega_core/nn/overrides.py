"""Hyperparameters set by name while a network is traced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from vega_core.errors import ModelError, suggest
from vega_core.nn.values import annotations_of, coerced

if TYPE_CHECKING:
    from vega_core.nn.module import Module


@dataclass
class _Pattern:
    """A pattern, its values, and how often it has matched."""

    text: str
    value: Any
    matches: int = 0

    @property
    def length(self) -> int | None:
        """Number of values, or None where one value goes to every match."""
        return len(self.value) if isinstance(self.value, (list, tuple)) else None

    def next_value(self) -> Any:
        self.matches += 1
        if self.length is None:
            return self.value
        return self.value[self.matches - 1] if self.matches <= self.length else _NOTHING


_NOTHING = object()


class Overrides:
    """Applies ``{"layer1.0.conv1.out_channels": 24}`` to modules at their first call.

    A key is a dotted module name and a field. A key with ``*``, ``?`` or ``[`` is a pattern: it
    matches in trace order, its ``*`` crosses dots, and it takes one value for all or a list of
    exactly as many as it matches. What is inside a shared module matches once, however often that
    is called.

    Raises:
        ModelError: From `apply`, where a value does not fit its field or two keys disagree.
    """

    def __init__(self, overrides: Mapping[str, Any] | None = None) -> None:
        self._exact: dict[str, Any] = {}
        self._patterns: list[_Pattern] = []
        for key, value in (overrides or {}).items():
            plain = value.tolist() if type(value).__module__ == "numpy" else value
            if any(sign in key for sign in "*?["):
                self._patterns.append(_Pattern(key, plain))
            else:
                self._exact[key] = plain
        self._used: set[str] = set()
        self._found: dict[str, dict[str, Any]] = {}

    def apply(self, module: Module, path: str) -> Module:
        """Returns the module with the fields that the overrides name."""
        if not self._exact and not self._patterns:
            return module
        changes: dict[str, Any] = {}
        for field in fields(module):
            if field.name == "name":
                continue
            key = f"{path}.{field.name}" if path else field.name
            if key not in self._found:
                self._found[key] = self._find(key)
            if found := self._found[key]:
                annotation = annotations_of(type(module)).get(field.name, Any)
                changes[field.name] = coerced(self._agreed(key, found), annotation, key)
        return replace(module, **changes) if changes else module

    def finish(self) -> None:
        """Checks, after the trace, that every override has been applied.

        Raises:
            ModelError: One matched nothing, or not as often as it has values.
        """
        self.check_lengths()
        for key in (*self._exact, *(p.text for p in self._patterns)):
            if key not in self._used:
                raise ModelError(
                    f"override {key!r} matches no hyperparameter{suggest(key, self._found)}"
                )
        for pattern in self._patterns:
            if pattern.length is not None and pattern.length != pattern.matches:
                raise ModelError(_miscounted(pattern, str(pattern.matches)))

    def check_lengths(self) -> None:
        """Checks, where a trace has failed, that no pattern ran out of values before.

        Raises:
            ModelError: One did.
        """
        for pattern in self._patterns:
            if pattern.length is not None and pattern.matches > pattern.length:
                raise ModelError(_miscounted(pattern, f"{pattern.matches} or more"))

    def _find(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if key in self._exact:
            found[key] = self._exact[key]
            self._used.add(key)
        for pattern in self._patterns:
            if fnmatchcase(key, pattern.text):
                self._used.add(pattern.text)
                value = pattern.next_value()
                if value is not _NOTHING:
                    found[pattern.text] = value
        return found

    @staticmethod
    def _agreed(key: str, found: Mapping[str, Any]) -> Any:
        (first, value), *others = found.items()
        for other, contrary in others:
            if contrary != value:
                raise ModelError(
                    f"overrides contradict each other at {key!r}: {first!r} gives {value!r} and "
                    f"{other!r} gives {contrary!r}"
                )
        return value


def _miscounted(pattern: _Pattern, matches: str) -> str:
    return f"override {pattern.text!r} has {pattern.length} values and matches {matches} times"
