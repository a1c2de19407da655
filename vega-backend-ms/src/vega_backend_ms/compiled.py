"""Programs in MindSpore's graph mode."""

from __future__ import annotations

import hashlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from types import ModuleType
from typing import Any, TypeAlias
from weakref import finalize

import numpy as np

from vega_backend_ms.arrays import Tensor, take
from vega_backend_ms.lower import COMPILED, NAMESPACE
from vega_backend_ms.lowering.draws import halves
from vega_backend_ms.source import CompiledSource, drawing
from vega_core.arrays import Array
from vega_core.nn import Graph
from vega_core.nn.keys import combined, node_key

Shapes: TypeAlias = tuple[tuple[int, ...], ...]


class Compiled(ABC):
    """A graph that is compiled for the first batch size that it meets; it is of no store.

    Args:
        graph: The graph, its modes fixed.
    """

    def __init__(self, graph: Graph) -> None:
        self._specs = [control.dtype for control in graph.controls.values()]
        self._keys = [node_key(name) for name in drawing(graph)]
        self._no_keys = take(np.stack([halves(0)]))
        self._shapes: Shapes | None = None

    def fits(self, inputs: Sequence[Array]) -> bool:
        """Whether inputs are of the size that it is compiled for; the first ones are."""
        shapes = tuple(array.shape for array in inputs)
        self._shapes = self._shapes or shapes
        return shapes == self._shapes

    @abstractmethod
    def run(
        self, params: Sequence[Tensor], inputs: Sequence[Array], controls: Sequence[Any], key: int
    ) -> Any:
        """Returns what the program gives for a graph's parameters, in its order."""

    def _arguments(
        self, inputs: Sequence[Array], controls: Sequence[Any], key: int
    ) -> list[Tensor]:
        """Returns inputs, controls and keys in a row."""
        keys = [halves(combined(key, node)) for node in self._keys]
        typed = zip(controls, self._specs, strict=True)
        return [
            *map(take, inputs),
            *(take(np.asarray(control, dtype)) for control, dtype in typed),
            take(np.stack(keys)) if keys else self._no_keys,
        ]


def evaluation(graph: Graph) -> Any:
    """Returns ``evaluate(params, inputs, controls)`` of a graph, which graph mode can compile.

    Controls are tensors. Nothing moves, and nothing draws.
    """
    source = CompiledSource(graph)
    text = source.text + (
        "\n\ndef evaluate(params, inputs, controls):\n"
        "    return forward(params, inputs, controls, None)\n"
    )
    return module_of(text, {**NAMESPACE, **COMPILED, **source.names}).evaluate


def module_of(text: str, names: Mapping[str, Any]) -> Any:
    """Returns a module of a text, which MindSpore looks up, and reads from a file."""
    name = f"vega_graph_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    module = ModuleType(name)
    folder = mkdtemp(prefix="vega-graph-")
    finalize(module, rmtree, folder, ignore_errors=True)
    file = Path(folder, f"{name}.py")
    file.write_text(text, encoding="utf-8")
    module.__dict__.update(names, __file__=str(file))
    sys.modules[name] = module
    exec(compile(text, str(file), "exec"), module.__dict__)  # noqa: S102
    return module
