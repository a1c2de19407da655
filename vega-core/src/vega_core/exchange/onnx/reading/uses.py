"""Which arrays of a file are parameters, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.model import Model
from vega_core.exchange.onnx.reading.tensors import Stored

Way: TypeAlias = tuple[Any, ...]
"""How a node reads an array: its operator, the place of the input, and what decides the layout."""

OURS = "vega-core"
"""The producer of files that this package writes."""
_LAYOUT = ("perm", "transB", "axis", "axes")


@dataclass
class Uses:
    """How the arrays of a file are used.

    Attributes:
        ways: The ways in which each value is read, also under other names.
        copies: Names that an Identity gives to an array of their own: exporters join arrays of
            equal numbers, such as those of new normalizations, which are several parameters
            nevertheless.
    """

    ways: dict[str, set[Way]] = field(default_factory=dict)
    copies: set[str] = field(default_factory=set)

    def single(self, name: str) -> bool:
        """Returns whether a value is read in one way, so that it may be laid out for it."""
        return len(self.ways.get(name, ())) <= 1


def uses_of(model: Model, arrays: Mapping[str, Stored]) -> Uses:
    """Returns how the nodes of a model read its arrays."""
    uses, arrays, roots = Uses(), dict(arrays), {name: name for name in arrays}
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            root = roots.get(name, name)
            if root in arrays and node.op_type == "Identity" and node.output:
                copy = _of_one_number(arrays[root])
                roots[node.output[0]] = node.output[0] if copy else root
                if copy:
                    uses.copies.add(node.output[0])
                    arrays[node.output[0]] = arrays[root]
                continue
            uses.ways.setdefault(root, set()).add(_way(node, place))
    return uses


def is_parameter(model: Model, name: str, stored: Stored) -> bool:
    """Returns whether an array is a parameter: it has floats and an axis, and is no constant.

    What this package writes besides parameters has a name that says so.
    """
    if not stored.spec.dtype.startswith("float") or not stored.spec.shape:
        return False
    return model.producer != OURS or "/constant" not in name


def _way(node: Any, place: int) -> Way:
    layout = tuple(
        (one.name, one.SerializeToString()) for one in node.attribute if one.name in _LAYOUT
    )
    shape = node.input[1] if node.op_type in ("Reshape", "Unsqueeze", "Squeeze") else ""
    return node.op_type, place, layout, shape


def _of_one_number(stored: Stored) -> bool:
    try:
        array = stored.load()
    except ModelError:  # external data that are not there
        return False
    return bool(array.size) and bool(np.all(array == array.flat[0]))
