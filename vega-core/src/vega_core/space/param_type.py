"""The contract of a parameter type: what one searched value can be, and how it is drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[Any]
Mask = NDArray[np.bool_]
Units = NDArray[np.float64]
Matcher = Callable[[Codes], Mask]
Kind = Literal["continuous", "integer", "categorical"]


@dataclass(frozen=True)
class Axis:
    """One coordinate of a type's place in the unit cube.

    Attributes:
        kind: ``continuous``; ``integer``: ordered cells, possibly of unequal width (``INT_EXP``);
            ``categorical``: cells of equal width whose order means nothing.
        choices: The number of cells, 0 for a continuous axis.
    """

    kind: Kind
    choices: int = 0


CONTINUOUS = Axis("continuous")


class ParamType(ABC):
    """What one parameter can be.

    A type works on whole columns. A column of *codes* has shape ``(n, ...)`` and a form that
    suits the type (numbers, indices of choices, masks); *units* have shape ``(width, n)``, one
    row an axis. Drawing is decoding of uniform numbers, so ``decode`` defines the distribution.

    Types know no name; the space maps names to types. They are immutable, and no method but
    ``decode`` changes its arguments. A fault in what the user wrote is a ``SpaceError`` whose
    ``path`` starts at the parameter's own mapping (``("range",)``).
    """

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The ends of a numeric type, whose codes are its values; None for any other."""
        return None

    @property
    @abstractmethod
    def axes(self) -> tuple[Axis, ...]:
        """The coordinates of the encoding, at least one."""

    @property
    @abstractmethod
    def cardinality(self) -> int | float:
        """The number of distinct values, ``inf`` for a real interval."""

    @abstractmethod
    def decode(self, units: Units) -> Codes:
        """Returns the codes of places in ``[0, 1)``; every place is a valid value.

        Alone of all methods it may overwrite its argument, and may return a view of it.
        """

    @abstractmethod
    def encode(self, codes: Codes) -> Units:
        """Returns places that decode to ``codes``: exactly, or to rounding for real numbers."""

    @abstractmethod
    def values(self, codes: Codes) -> NDArray[Any]:
        """Returns the values as an array of shape ``(n, ...)`` whose ``tolist()`` is native."""

    @abstractmethod
    def code(self, value: Any) -> Any:
        """Returns the code of one native value, or raises ``SpaceError`` if it is not one."""

    @abstractmethod
    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        """Returns codes moved a little, each one different if the type has several values."""

    @abstractmethod
    def grid(self, points: int | None) -> Codes:
        """Returns distinct codes, spread evenly over the range and in its order.

        Args:
            points: How many for each axis that can be thinned out, where the type has no
                ``slice`` of its own; None gives every value (of a finite type).
        """

    @abstractmethod
    def grid_size(self, points: int | None) -> int | float:
        """Returns the length of ``grid(points)`` without making it."""

    @abstractmethod
    def to_config(self) -> dict[str, Any]:
        """Returns the parameter's mapping without its key, ready for YAML and JSON."""

    def equals(self, value: Any) -> Matcher:
        """Returns a test of columns for one value; raises ``SpaceError`` if it is not one."""
        code = self.code(value)
        if np.ndim(code) == 0:
            return lambda codes: np.equal(codes, code)
        return lambda codes: np.equal(codes, code).all(axis=1)

    def contains(self, value: Any) -> Matcher:
        """Returns a test for one value or, where values are lists, for an element of them."""
        if isinstance(value, (list, tuple)) or not self._has_elements:
            return self.equals(value)
        return lambda codes: np.equal(self.values(codes), value).reshape(len(codes), -1).any(axis=1)

    @property
    def _has_elements(self) -> bool:
        return self.values(self.decode(np.zeros((len(self.axes), 1)))).ndim > 1
