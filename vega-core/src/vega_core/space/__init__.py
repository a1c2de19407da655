"""Search spaces: typed parameters, conditions, sampling and encoding."""

from __future__ import annotations

from vega_core.space.adjacency import AdjacencyList
from vega_core.space.arrays import IntArray, MultiPositionArray
from vega_core.space.binary import BinaryChoice, BinaryCode
from vega_core.space.category import Category
from vega_core.space.conditions import Condition
from vega_core.space.encoding import Dimension
from vega_core.space.half import HalfArray
from vega_core.space.matrix import BinaryArray
from vega_core.space.numeric import Integer, Real
from vega_core.space.param_type import Axis, ParamType
from vega_core.space.reading import find_faults
from vega_core.space.samples import Samples
from vega_core.space.search_space import SearchSpace, as_space
from vega_core.space.types import TYPES, TypeEntry, cast

__all__ = [
    "TYPES",
    "AdjacencyList",
    "Axis",
    "BinaryArray",
    "BinaryChoice",
    "BinaryCode",
    "Category",
    "Condition",
    "Dimension",
    "HalfArray",
    "IntArray",
    "Integer",
    "MultiPositionArray",
    "ParamType",
    "Real",
    "Samples",
    "SearchSpace",
    "TypeEntry",
    "as_space",
    "cast",
    "find_faults",
]
