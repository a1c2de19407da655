"""Source that has become a function."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vega_core.backend.writing.source import FunctionSource

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


def built(source: FunctionSource, namespace: Mapping[str, Any]) -> Program:
    """Compiles the source of a graph.

    Args:
        source: The source.
        namespace: What its expressions may name.
    """
    graph = source.graph
    name = f"<vega graph {hashlib.sha256(source.text.encode()).hexdigest()[:16]}>"
    lines = source.text.splitlines(keepends=True)
    linecache.cache[name] = (len(source.text), None, lines, name)
    names = {**namespace, **source.names}
    exec(compile(source.text, name, "exec"), names)  # noqa: S102
    return Program(
        names["forward"],
        tuple(graph.parameters),
        tuple(graph.inputs),
        tuple(graph.controls),
        tuple(graph.outputs),
        source.text,
        source.chooses,
    )
