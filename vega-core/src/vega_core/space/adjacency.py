"""An edge between two nodes: ``AdjacencyList``."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from vega_core.errors import SpaceError
from vega_core.space.category import identity, table
from vega_core.space.param_type import Axis, Codes, ParamType, Units
from vega_core.space.ranges import flat, integer, plain
from vega_core.space.units import another, cells, centres


@final
@dataclass(frozen=True)
class AdjacencyList(ParamType):
    """A pair ``[a, b]`` of nodes, ``a`` before ``b``; every pair is equally likely.

    In a configuration ``range`` is the list of nodes, or ``[count]`` for nodes ``0 .. count - 1``.
    Codes are indices of pairs in lexicographic order; values have shape ``(n, 2)``.

    Attributes:
        nodes: Distinct names or numbers, at least two.
    """

    nodes: tuple[int | str, ...]

    def __post_init__(self) -> None:
        if len(self.nodes) < 2 or len({identity(node) for node in self.nodes}) < len(self.nodes):
            raise SpaceError(
                f"range must have two or more different nodes, got {list(self.nodes)!r}",
                ("range",),
            )

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> AdjacencyList:
        """Returns the type of a mapping with ``range``."""
        nodes = flat(item["range"])
        if len(nodes) == 1:
            return cls(tuple(range(integer(nodes[0], least=2))))
        return cls(tuple(node if isinstance(node, str) else integer(node) for node in nodes))

    @property
    def axes(self) -> tuple[Axis, ...]:
        return (Axis("categorical", self.cardinality),)

    @property
    def cardinality(self) -> int:
        return len(self.nodes) * (len(self.nodes) - 1) // 2

    @cached_property
    def _pairs(self) -> NDArray[np.int64]:
        return np.array(list(itertools.combinations(range(len(self.nodes)), 2)))

    @cached_property
    def _table(self) -> NDArray[Any]:
        return table(self.nodes)[self._pairs]

    @cached_property
    def _index(self) -> dict[Any, int]:
        pairs = itertools.combinations(self.nodes, 2)
        return {identity(list(pair)): index for index, pair in enumerate(pairs)}

    def decode(self, units: Units) -> Codes:
        return cells(units[0], self.cardinality)

    def encode(self, codes: Codes) -> Units:
        return centres(codes, self.cardinality)[None]

    def values(self, codes: Codes) -> NDArray[Any]:
        return self._table[codes]

    def code(self, value: Any) -> int:
        index = self._index.get(identity(plain(value, ())))
        if index is not None:
            return index
        raise SpaceError(f"{value!r} is not a pair [a, b] of {list(self.nodes)!r}, a before b")

    def step(self, codes: Codes, rng: np.random.Generator) -> Codes:
        return another(codes, self.cardinality, rng)

    def grid(self, points: int | None) -> Codes:  # noqa: ARG002 - pairs are not thinned out
        return np.arange(self.cardinality)

    def grid_size(self, points: int | None) -> int:  # noqa: ARG002
        return self.cardinality

    def to_config(self) -> dict[str, Any]:
        return {"type": "AdjacencyList", "range": list(self.nodes)}
