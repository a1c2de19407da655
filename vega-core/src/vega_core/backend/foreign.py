"""Operators that a backend does not know itself, and which their own package lowers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from vega_core.backend.native import Native
from vega_core.errors import ModelError, PluginError
from vega_core.nn import Graph, ops
from vega_core.nn.primitive import Primitive
from vega_core.plugins import load_target


def lowered_by_plugin(op: Primitive, framework: str, package: str) -> Callable[..., Any]:
    """Returns the function by which an operator's own package lowers it, given the operator.

    Args:
        op: The operator.
        framework: The key of `Primitive.lowerings` that is read.
        package: The backend's own package, for errors.

    Raises:
        ModelError: There is none for the framework, or it cannot be imported; names the package.
    """
    kind, target = type(op), type(op).lowerings.get(framework)
    what = f"{kind.__name__} (from {kind.__module__.partition('.')[0]})"
    if target is None:
        known = f"; it has lowerings for {', '.join(kind.lowerings)}" if kind.lowerings else ""
        raise ModelError(f"{package} has no lowering of {what}{known}")
    try:
        return partial(load_target(target), op)
    except (ImportError, PluginError) as error:
        raise ModelError(f"the lowering of {what} cannot be imported: {error}") from error


def check_all_lowered(
    graph: Graph, known: Collection[type[Primitive]], framework: str, package: str
) -> None:
    """Checks that every operator of a graph can be lowered, in whatever mode.

    Args:
        graph: The graph.
        known: Operators that the backend lowers itself.
        framework: As for `lowered_by_plugin`.
        package: As for `lowered_by_plugin`.

    Raises:
        ModelError: One cannot; names the node, the operator and its package.
    """
    for node in graph.nodes:
        if type(node.op) not in (ops.ByMode, ops.Choice, ops.Constant, Native, *known):
            try:
                lowered_by_plugin(node.op, framework, package)
            except ModelError as error:
                raise ModelError(f"{node.name}: {error}") from error
