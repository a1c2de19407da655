"""The Python source of a graph, for backends that run one: a flat function, one statement a node.

A backend gives the expression of each operator (`Lowering`) and what is its framework's own
(`FunctionSource`).
"""

from __future__ import annotations

from vega_core.backend.writing.program import Program, Values, built
from vega_core.backend.writing.site import Lowering, Site, literal, literals
from vega_core.backend.writing.source import FunctionSource

__all__ = [
    "FunctionSource",
    "Lowering",
    "Program",
    "Site",
    "Values",
    "built",
    "literal",
    "literals",
]
