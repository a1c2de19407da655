"""The two forms that a graph runs in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vega_backend_ms.compiled import Compiled
from vega_core.backend.writing import Program
from vega_core.nn import Graph


@dataclass(frozen=True)
class Forms:
    """A graph whose modes are fixed, and its programs, which are built when they are asked for.

    Attributes:
        graph: The graph.
        eager: Gives the program that runs operator by operator.
        compiled: Gives the program in graph mode; None where the graph runs eagerly alone.
    """

    graph: Graph
    eager: Callable[[], Program]
    compiled: Callable[[], Compiled] | None = None
