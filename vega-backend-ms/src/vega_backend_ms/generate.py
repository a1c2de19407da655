"""Python source of a graph: one statement a node, run eagerly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from vega_backend_ms.lower import NAMESPACE
from vega_backend_ms.source import Source
from vega_core.backend.writing import Program, built
from vega_core.nn import Graph


def generate(
    graph: Graph,
    moving: Collection[str] = (),
    by_row: Collection[str] = (),
    namespace: Mapping[str, Any] = NAMESPACE,
) -> Program:
    """Compiles a graph whose modes are fixed.

    Args:
        graph: The graph, as `Graph.in_mode` gives it.
        moving: Names of the statistics that move.
        by_row: Names of the tables whose gradients are of the rows that are looked up alone.
        namespace: What expressions may name.

    Raises:
        ModelError: An operator has no lowering, or an attribute that is no plain value.
    """
    return built(Source(graph, frozenset(moving), frozenset(by_row)), namespace)
