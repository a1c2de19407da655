"""Python source of a graph: one statement a node, compiled once and run eagerly."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from vega_backend_torch.lower import NAMESPACE
from vega_backend_torch.source import Source
from vega_core.nn import Graph, ops

Values = Sequence[Any]


@dataclass(frozen=True)
class Program:
    """A graph as a Python function of plain sequences.

    Attributes:
        run: Takes parameters, inputs, controls and the step's key; returns the outputs.
        params: Names of the parameters, in order.
        inputs: Names of the inputs.
        controls: Names of the controls.
        outputs: Names of the outputs.
        source: The function's text; tracebacks and debuggers show it.
        chooses: Whether it branches on a control.
    """

    run: Callable[[Values, Values, Values, int], tuple[Any, ...]]
    params: tuple[str, ...]
    inputs: tuple[str, ...]
    controls: tuple[str, ...]
    outputs: tuple[str, ...]
    source: str
    chooses: bool = False


def generate(graph: Graph, moving: Collection[str] = (), by_row: Collection[str] = ()) -> Program:
    """Compiles a graph whose modes are fixed.

    Args:
        graph: The graph, as `Graph.in_mode` gives it.
        moving: Names of the statistics that move.
        by_row: Names of the tables whose gradients are of the rows that are looked up alone.

    Raises:
        ModelError: An operator has no lowering, or an attribute that is no plain value.
    """
    source = Source(graph, frozenset(moving), frozenset(by_row))
    name = f"<vega graph {hashlib.sha256(source.text.encode()).hexdigest()[:16]}>"
    lines = source.text.splitlines(keepends=True)
    linecache.cache[name] = (len(source.text), None, lines, name)
    namespace = {**NAMESPACE, **source.names}
    exec(compile(source.text, name, "exec"), namespace)  # noqa: S102
    return Program(
        namespace["forward"],
        tuple(graph.parameters),
        tuple(graph.inputs),
        tuple(graph.controls),
        tuple(graph.outputs),
        source.text,
        any(isinstance(node.op, ops.Choice) for node in graph.nodes),
    )
