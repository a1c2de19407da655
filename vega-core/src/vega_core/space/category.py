"""Choices from a list: ``CATEGORY``, ``INT_CAT``, ``FLOAT_CAT``, ``STRING`` and ``BOOL``."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vega_core.errors import SpaceError, suggest
from vega_core.space.param_type import Axis, Codes, Matcher, ParamType, Units
from vega_core.space.ranges import flat, integer, listed, number, plain
from vega_core.space.units import another, cells, centres

_RANGE = ("range",)


@final
@dataclass(frozen=True)
class Category(ParamType):
    """One of several choices, each equally likely; codes are indices, in small integers.

    Attributes:
        choices: Distinct plain values: None, booleans, numbers, strings, lists or mappings.
        name: The type's name in a configuration, which says what the choices may be.
    """

    choices: tuple[Any, ...]
    name: str = "CATEGORY"

    def __post_init__(self) -> None:
        if not self.choices:
            raise SpaceError("range is empty", _RANGE)
        seen: set[Any] = set()
        for choice in self.choices:
            if identity(choice) in seen:
                raise SpaceError(f"range has {choice!r} twice", _RANGE)
            seen.add(identity(choice))

    @classmethod
    def read(cls, item: Mapping[str, Any], *, name: str) -> Category:
        """Returns the type of a mapping with ``range``; ``BOOL`` has one of itself."""
        if name == "BOOL" and "range" not in item:
            return cls((True, False), name)
        check, given = _CHECKS.get(name, plain), item["range"]
        one_level = isinstance(given, str) or name in ("INT_CAT", "FLOAT_CAT", "BOOL")
        items = flat(given) if one_level else listed(given, quoted=False)
        return cls(tuple(check(choice) for choice in items), name)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (Axis("categorical", self.cardinality),)

    @property
    def cardinality(self) -> int:
        return len(self.choices)

    @cached_property
    def _table(self) -> NDArray[Any]:
        return table(self.choices)

    @cached_property
    def _index(self) -> dict[Any, int]:
        return {identity(choice): index for index, choice in enumerate(self.choices)}

    @cached_property
    def _mutable(self) -> bool:
        return any(isinstance(choice, (list, dict)) for choice in self.choices)

    @cached_property
    def _dtype(self) -> np.dtype[Any]:
        return np.min_scalar_type(len(self.choices) - 1)

    def decode(self, units: Units) -> Codes:
        return cells(units[0], len(self.choices), self._dtype)

    def encode(self, codes: Codes) -> Units:
        return centres(codes, len(self.choices))[None]

    def values(self, codes: Codes) -> NDArray[Any]:
        taken = self._table.take(codes)
        if self._mutable:
            for row, choice in enumerate(taken):
                taken[row] = copy.deepcopy(choice)
        return taken

    def code(self, value: Any) -> int:
        index = self._index.get(identity(plain(value, ())))
        if index is not None:
            return index
        texts = [choice for choice in self.choices if isinstance(choice, str)]
        near = suggest(value, texts) if isinstance(value, str) else ""
        raise SpaceError(f"{value!r} is not one of {list(self.choices)!r}{near}")

    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        return another(codes, len(self.choices), rng)

    def grid(self, points: int | None) -> Codes:  # noqa: ARG002 - choices are not thinned out
        return np.arange(len(self.choices), dtype=self._dtype)

    def grid_size(self, points: int | None) -> int:  # noqa: ARG002
        return len(self.choices)

    def to_config(self) -> dict[str, Any]:
        return {"type": self.name, "range": copy.deepcopy(list(self.choices))}

    def contains(self, value: Any) -> Matcher:
        wanted = identity(plain(value, ()))
        within = [
            isinstance(choice, list) and wanted in {identity(item) for item in choice}
            for choice in self.choices
        ]
        if not any(within):
            return self.equals(value)
        hits = np.array(within)
        index = self._index.get(wanted)
        if index is not None:
            hits[index] = True
        return lambda codes: hits[codes]


def identity(value: Any) -> Any:
    """Returns a hashable key that tells plain values apart; 1 equals 1.0 but not True."""
    if isinstance(value, bool):
        return "bool", value
    if isinstance(value, list):
        return "list", tuple(identity(item) for item in value)
    if isinstance(value, dict):
        return "dict", frozenset((name, identity(item)) for name, item in value.items())
    return value


def table(choices: tuple[Any, ...]) -> NDArray[Any]:
    """Returns the choices as an array of shape ``(len(choices),)`` whose items are native."""
    for kind, dtype in ((bool, np.bool_), (int, np.int64), (float, np.float64)):
        if all(type(choice) is kind for choice in choices):
            if kind is int and max(abs(choice) for choice in choices) > 2**62:
                break
            return np.array(choices, dtype=dtype)
    array = np.empty(len(choices), dtype=object)
    for index, choice in enumerate(choices):
        array[index] = choice
    return array


def _real(value: Any) -> float:
    return float(number(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise SpaceError(f"range needs strings, got {value!r}; write it in quotes", _RANGE)
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise SpaceError(f"range needs True and False, got {value!r}", _RANGE)
    return value


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "INT_CAT": integer,
    "FLOAT_CAT": _real,
    "STRING": _text,
    "BOOL": _truth,
}
