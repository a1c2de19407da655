"""Hyperparameters set by name while a network is traced."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, TypeVar

from vega_core.errors import DescriptionError, ModelError, suggest
from vega_core.nn.frames import dotted
from vega_core.nn.values import annotations_of, coerced, native

if TYPE_CHECKING:
    from vega_core.nn.module import Module
    from vega_core.nn.primitive import Primitive

Named = TypeVar("Named", "Module", "Primitive")
"""What has fields and a dotted name."""

MAKING: Final = ("out_channels", "out_features")
"""Fields that say how many channels a module gives."""
TAKING: Final = dict(zip(("in_channels", "in_features"), MAKING, strict=True))
"""Names for how many channels a module takes. Of a module that has no such field they are set where
the channels are made; a pattern finds them in modules that have the field beside."""
SPELLINGS: Final = {"in_channels": "inchannels", "out_channels": "outchannels"}
"""How earlier releases and the paper spell names; meant where a module has no such field."""


class OverrideError(DescriptionError):
    """An override that cannot be applied.

    Attributes:
        override: The override, as written.
    """

    def __init__(self, fault: str, override: str = "", path: tuple[str | int, ...] = ()) -> None:
        super().__init__(fault)  # which names the override, so that the place need not
        self.override = override
        self.path = path


@dataclass(frozen=True, slots=True)
class Taking:
    """How many channels an override wants a module to take.

    Attributes:
        override: The override, as written.
        module: Dotted name of the module.
        channels: The number.
    """

    override: str
    module: str
    channels: int


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

    ``in_channels`` and ``in_features`` may be named where a module has no such field. They are
    noted in `taken`; a pattern finds them where it would find ``out_channels`` (``out_features``).

    Args:
        overrides: Value by key or pattern.
        settings: More values by key, which follow from overrides: override and value.

    Attributes:
        taken: What is wanted of channels that modules take, in trace order.
    """

    def __init__(
        self,
        overrides: Mapping[str, Any],
        settings: Mapping[str, tuple[str, int]] | None = None,
    ) -> None:
        self.taken: list[Taking] = []
        self._exact: dict[str, Any] = {}
        self._patterns: list[_Pattern] = []
        for key, value in overrides.items():
            if not isinstance(key, str):
                raise ModelError(f"an override is a dotted name, and got {key!r}")
            plain = native(value)
            if any(sign in key for sign in "*?["):
                self._patterns.append(_Pattern(key, plain))
            else:
                self._exact[key] = plain
        self._settings = settings or {}
        self._used: set[str] = set()
        self._found: dict[str, dict[str, Any]] = {}
        self._takers: list[str] = []

    def apply(self, module: Named, path: str) -> Named:
        """Returns a module, or an operator of a graph from elsewhere, with the fields overridden.

        Raises:
            ModelError: A value does not fit its field, or two keys disagree.
        """
        if not self._exact and not self._patterns:
            return module
        names: Collection[str] | None = getattr(module, "overridable", None)
        if names is None:
            own: Iterable[Field[Any]] = fields(module)  # type: ignore[arg-type, unused-ignore]
            names = [one.name for one in own if one.metadata.get("configured", True)]
        changes: dict[str, Any] = {}
        for name in names:
            key = dotted(path, name)
            if key not in self._found:
                self._found[key] = self._find(key) | self._respelled(path, name, names)
            if found := self._found[key]:
                annotation = annotations_of(type(module)).get(name, Any)
                changes[name] = self._fitting(key, found, annotation)
        self._take(path, names)
        return replace(module, **changes) if changes else module  # type: ignore[type-var]

    @property
    def fields(self) -> Collection[str]:
        """The fields of the modules met so far, by dotted name."""
        return self._found.keys()

    def given(self, key: str) -> tuple[str, Any] | None:
        """Returns the override that has set a field, and its value."""
        return next(iter(self._found.get(key, {}).items()), None)

    def finish(self) -> None:
        """Checks, after the trace, that every override has been applied.

        Raises:
            ModelError: One matched nothing, or not as often as it has values.
        """
        self.check_lengths(done=True)
        for key in (*self._exact, *(p.text for p in self._patterns), *self._settings):
            if key not in self._used:
                hint = suggest(key, self._known())
                raise OverrideError(f"override {key!r} matches no hyperparameter{hint}", key)

    def check_lengths(self, *, done: bool = False) -> None:
        """Checks that patterns have as many values as they match.

        Args:
            done: Whether the trace is; otherwise it has failed, perhaps as there were too few.

        Raises:
            ModelError: One has more or fewer.
        """
        for pattern in self._patterns:
            length, matches = pattern.length, pattern.matches
            if length is None or matches == length or (matches < length and not done):
                continue
            if done and not matches:
                continue  # told as one that matches nothing
            times = f"{matches} times" if done else f"{matches} times or more"
            fault = f"override {pattern.text!r} has {length} values and matches {times}"
            raise OverrideError(fault, pattern.text)

    def _take(self, path: str, names: Collection[str]) -> None:
        for name, beside in TAKING.items():
            if name in names:
                continue
            key = dotted(path, name)
            if beside in names:
                self._takers.append(key)
            found = self._find(key, patterns=beside in names, ending=name)
            found |= self._respelled(path, name, names, patterns=beside in names)
            if found:
                channels, override = self._fitting(key, found, int), next(iter(found))
                if channels < 1:
                    fault = f"{key}: a number of channels is positive, got {channels}"
                    raise OverrideError(fault, override)
                self.taken.append(Taking(override, path, channels))

    def _respelled(
        self, path: str, name: str, names: Collection[str], patterns: bool = True
    ) -> dict[str, Any]:
        """Returns the values that overrides give a field under its earlier spelling."""
        old = SPELLINGS.get(name)
        if old is None or old in names:
            return {}
        return self._find(dotted(path, old), patterns=patterns, ending=old)

    def _find(self, key: str, patterns: bool = True, ending: str = "") -> dict[str, Any]:
        """Returns the values that overrides give a key, by override.

        Args:
            key: The key.
            patterns: Whether patterns are asked too.
            ending: What the last word of a pattern must be; any by default.
        """
        found: dict[str, Any] = {}
        if key in self._exact:
            found[key] = self._exact[key]
            self._used.add(key)
        if key in self._settings:
            override, found_value = self._settings[key]
            found[override] = found_value
            self._used.add(key)
        for pattern in self._patterns if patterns else ():
            if ending and pattern.text.rpartition(".")[2] != ending:
                continue
            if fnmatchcase(key, pattern.text):
                self._used.add(pattern.text)
                value = pattern.next_value()
                if value is not _NOTHING:
                    found[pattern.text] = value
        return found

    def _known(self) -> Iterator[str]:
        yield from self._found
        yield from self._takers

    @staticmethod
    def _fitting(key: str, found: Mapping[str, Any], annotation: Any) -> Any:
        """Returns the value on which the overrides of a field agree, as the annotated type."""
        (first, value), *others = found.items()
        for other, contrary in others:
            if contrary != value:
                raise OverrideError(
                    f"overrides contradict each other at {key!r}: {first!r} gives {value!r} and "
                    f"{other!r} gives {contrary!r}",
                    other,
                )
        try:
            return coerced(value, annotation, key)
        except ModelError as error:
            whose = "" if first == key else f"override {first!r}: "
            raise OverrideError(f"{whose}{error}", first) from None
