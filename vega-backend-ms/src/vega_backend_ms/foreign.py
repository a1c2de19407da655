"""Operators that this package does not know itself: plugins' own, and modules of a user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from vega_backend_ms.lower import LOWERINGS
from vega_backend_ms.modules import Call
from vega_core.backend import Native
from vega_core.backend.foreign import check_all_lowered, lowered_by_plugin
from vega_core.nn import Graph
from vega_core.nn.primitive import Primitive

PACKAGE: Final = "vega-backend-ms"
"""What errors call this package."""

BACKEND: Final = "mindspore"
"""The key of `Primitive.lowerings` that this package reads."""


def foreign(op: Primitive) -> Callable[..., Any]:
    """Returns the function by which an operator's own package lowers it.

    It is called as ``function(op, inputs, params, key)`` with tensors in order, parameters by role
    and 64 bits to draw from, and returns the output, or a tuple of several. It runs eagerly, so
    that it may contain any Python. Statistics are changed in place, by `mindspore.ops.assign`.

    Raises:
        ModelError: It gives none for MindSpore, or it cannot be imported; names the package.
    """
    if isinstance(op, Native):
        return Call(op)
    return lowered_by_plugin(op, BACKEND, PACKAGE)


def check_lowered(graph: Graph) -> None:
    """Checks that every operator of a graph can be lowered, in whatever mode.

    Raises:
        ModelError: One cannot; names the node, the operator and its package.
    """
    check_all_lowered(graph, LOWERINGS, BACKEND, PACKAGE)
