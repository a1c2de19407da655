"""Python source of a graph: one statement a node, compiled once and run eagerly."""

from __future__ import annotations

from collections.abc import Collection

from vega_backend_torch.lower import NAMESPACE
from vega_backend_torch.source import Source
from vega_core.backend.writing import Program, built
from vega_core.nn import Graph


def generate(graph: Graph, moving: Collection[str] = (), by_row: Collection[str] = ()) -> Program:
    """Compiles a graph whose modes are fixed.

    Args:
        graph: The graph, as `Graph.in_mode` gives it.
        moving: Names of the statistics that move.
        by_row: Names of the tables whose gradients are of the rows that are looked up alone.

    Raises:
        ModelError: An operator has no lowering, or an attribute that is no plain value.
    """
    return built(Source(graph, frozenset(moving), frozenset(by_row)), NAMESPACE)
