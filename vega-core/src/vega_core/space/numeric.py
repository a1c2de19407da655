"""Numbers: ``INT``, ``INT_EXP``, ``FLOAT`` and ``FLOAT_EXP``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vega_core.errors import SpaceError
from vega_core.space.param_type import CONTINUOUS, Axis, Codes, ParamType, Units
from vega_core.space.ranges import integer, interval
from vega_core.space.units import bounded, cells, centres, shift, wander

_RANGE = ("range",)


@final
@dataclass(frozen=True)
class Integer(ParamType):
    """An integer from ``low`` to ``high``, both included.

    A real number uniform over ``[low - 0.5, high + 0.5]`` is rounded, so that both ends are as
    likely as any other value. With ``log`` its *logarithm* is uniform over
    ``[log(low - 0.5), log(high + 0.5)]`` before it is rounded: ``k`` has the probability
    ``log((k + 0.5) / (k - 0.5)) / log((high + 0.5) / (low - 0.5))``, about in proportion to
    ``1 / k``, and each end has the whole of its cell.

    Attributes:
        low: The smallest value; at least 1 with ``log``.
        high: The largest value. Magnitudes up to 2**48, with ``log`` up to 2**40.
        log: Whether the logarithm is uniform (``INT_EXP``).
        points: Grid points (``slice`` in a configuration).
    """

    low: int
    high: int
    log: bool = False
    points: int | None = None

    def __post_init__(self) -> None:
        _check_order(self.low, self.high, log=self.log)
        bits = 40 if self.log else 48
        if max(abs(self.low), abs(self.high)) > 2**bits:
            raise SpaceError(f"range [{self.low}, {self.high}] goes beyond 2**{bits}", _RANGE)

    @classmethod
    def read(cls, item: Mapping[str, Any], *, log: bool) -> Integer:
        """Returns the type of a mapping with ``range`` and perhaps ``slice``."""
        low, high = (integer(end) for end in interval(item["range"]))
        return cls(low, high, log, _points(item))

    @property
    def bounds(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (Axis("integer", self.cardinality),)

    @property
    def cardinality(self) -> int:
        return self.high - self.low + 1

    @cached_property
    def _line(self) -> tuple[float, float]:
        start = math.log(self.low - 0.5)
        return start, math.log(self.high + 0.5) - start

    def decode(self, units: Units) -> Codes:
        if not self.log:
            codes = cells(units[0], self.cardinality)
            codes += self.low
            return codes
        start, span = self._line
        real = _along(units[0], start, span)
        real = np.rint(np.exp(real, out=real), out=real)
        rounded: Codes = bounded(real, self.low, self.high).astype(np.int64)
        return rounded

    def encode(self, codes: Codes) -> Units:
        if not self.log:
            return centres(codes - self.low, self.cardinality)[None]
        start, span = self._line
        units: Units = (np.log(codes) - start) / span
        return units[None]

    def values(self, codes: Codes) -> NDArray[Any]:
        return codes

    def code(self, value: Any) -> int:
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
            raise SpaceError(f"{value!r} is not an integer")
        if not self.low <= value <= self.high:
            raise SpaceError(f"{value} is not in [{self.low}, {self.high}]")
        return int(value)

    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        if self.cardinality == 1:
            return codes
        moved = self.decode(wander(self.encode(codes), rng))
        return shift(codes - self.low, self.cardinality, np.abs(moved - codes), rng) + self.low

    def grid(self, points: int | None) -> Codes:
        count = self.grid_size(points)
        if count == self.cardinality:
            return np.arange(self.low, self.high + 1)
        return np.unique(np.rint(_spread(self, count)).astype(np.int64))

    def grid_size(self, points: int | None) -> int:
        return min(self.points or points or self.cardinality, self.cardinality)

    def to_config(self) -> dict[str, Any]:
        return _mapping("INT_EXP" if self.log else "INT", self)


@final
@dataclass(frozen=True)
class Real(ParamType):
    """A real number, uniform over ``[low, high]``; with ``log`` its logarithm is uniform.

    Attributes:
        low: The smallest value; above 0 with ``log``.
        high: The largest value.
        log: Whether the logarithm is uniform (``FLOAT_EXP``).
        points: Grid points (``slice`` in a configuration).
    """

    low: float
    high: float
    log: bool = False
    points: int | None = None

    def __post_init__(self) -> None:
        _check_order(self.low, self.high, log=self.log)
        if not math.isfinite(self.high - self.low):
            raise SpaceError(f"range [{self.low}, {self.high}] is too wide", _RANGE)

    @classmethod
    def read(cls, item: Mapping[str, Any], *, log: bool) -> Real:
        """Returns the type of a mapping with ``range`` and perhaps ``slice``."""
        low, high = (float(end) for end in interval(item["range"]))
        return cls(low, high, log, _points(item))

    @property
    def bounds(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (CONTINUOUS,)

    @property
    def cardinality(self) -> int | float:
        return 1 if self.low == self.high else math.inf

    @cached_property
    def _line(self) -> tuple[float, float]:
        low, high = (
            (self.low, self.high) if not self.log else (math.log(self.low), math.log(self.high))
        )
        return low, high - low

    def decode(self, units: Units) -> Codes:
        real = _along(units[0], *self._line)
        if self.log:
            np.exp(real, out=real)
        return bounded(real, self.low, self.high)

    def encode(self, codes: Codes) -> Units:
        start, span = self._line
        if span == 0.0:
            return np.full((1, *codes.shape), 0.5)
        units: Units = ((np.log(codes) if self.log else codes) - start) / span
        return np.clip(units, 0.0, 1.0)[None]

    def values(self, codes: Codes) -> NDArray[Any]:
        return codes

    def code(self, value: Any) -> float:
        allowed = (int, float, np.integer, np.floating)
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, allowed):
            raise SpaceError(f"{value!r} is not a number")
        if not self.low <= value <= self.high:
            raise SpaceError(f"{value} is not in [{self.low}, {self.high}]")
        return float(value)

    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        return self.decode(wander(self.encode(codes), rng))

    def grid(self, points: int | None) -> Codes:
        return _spread(self, int(self.grid_size(points)))

    def grid_size(self, points: int | None) -> int | float:
        return min(self.points or points or math.inf, self.cardinality)

    def to_config(self) -> dict[str, Any]:
        return _mapping("FLOAT_EXP" if self.log else "FLOAT", self)


def _check_order(low: float, high: float, *, log: bool) -> None:
    if not low <= high:
        raise SpaceError(f"range [{low}, {high}] is reversed; write [{high}, {low}]", _RANGE)
    if log and low <= 0:
        raise SpaceError(
            f"range [{low}, {high}] starts at {low}, which has no logarithm; "
            "start above 0, or use INT or FLOAT",
            _RANGE,
        )


def _along(units: NDArray[np.float64], start: float, span: float) -> NDArray[np.float64]:
    units *= span
    units += start
    return units


def _spread(kind: Integer | Real, count: int) -> NDArray[np.float64]:
    if count == 1:
        return kind.decode(np.full((1, 1), 0.5))
    return (np.geomspace if kind.log else np.linspace)(kind.low, kind.high, count)


def _points(item: Mapping[str, Any]) -> int | None:
    return integer(item["slice"], least=1, name="slice") if "slice" in item else None


def _mapping(name: str, kind: Integer | Real) -> dict[str, Any]:
    item: dict[str, Any] = {"type": name, "range": [kind.low, kind.high]}
    return item if kind.points is None else {**item, "slice": kind.points}
