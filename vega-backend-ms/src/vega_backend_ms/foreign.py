"""Operators that this package does not know itself: plugins' own, and modules of a user's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from vega_backend_ms.lower import LOWERINGS
from vega_backend_ms.modules import Call
from vega_core.backend import Native
from vega_core.errors import ModelError, PluginError
from vega_core.nn import Graph, ops
from vega_core.nn.primitive import Primitive
from vega_core.plugins import load_target

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
    kind, target = type(op), type(op).lowerings.get(BACKEND)
    what = f"{kind.__name__} (from {kind.__module__.partition('.')[0]})"
    if target is None:
        known = f"; it has lowerings for {', '.join(kind.lowerings)}" if kind.lowerings else ""
        raise ModelError(f"vega-backend-ms has no lowering of {what}{known}")
    try:
        return partial(load_target(target), op)
    except (ImportError, PluginError) as error:
        raise ModelError(f"the lowering of {what} cannot be imported: {error}") from error


def check_lowered(graph: Graph) -> None:
    """Checks that every operator of a graph can be lowered, in whatever mode.

    Raises:
        ModelError: One cannot; names the node, the operator and its package.
    """
    for node in graph.nodes:
        if type(node.op) not in (ops.ByMode, ops.Choice, ops.Constant, Native, *LOWERINGS):
            try:
                foreign(node.op)
            except ModelError as error:
                raise ModelError(f"{node.name}: {error}") from error
