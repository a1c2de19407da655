"""Training steps in MindSpore's graph mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mindspore as ms

from vega_backend_ms.arrays import Tensor
from vega_backend_ms.compiled import Compiled, module_of
from vega_backend_ms.lower import COMPILED
from vega_backend_ms.source import CompiledSource
from vega_core.arrays import Array
from vega_core.nn import Graph


class CompiledStep(Compiled):
    """Loss, outputs and gradients of a graph.

    Parameters are arguments, since MindSpore compiles a function anew for other parameters that are
    in it; all are in one row, since it takes tuples as constants.

    Args:
        graph: The graph, its modes fixed.
        moving: Names of the statistics that move.
        losses: Outputs whose sum is differentiated.
        trained: Parameters that it is differentiated by.
        namespace: What expressions may name.
    """

    def __init__(
        self,
        graph: Graph,
        moving: Sequence[str],
        losses: Sequence[str],
        trained: Sequence[str],
        namespace: Mapping[str, Any],
    ) -> None:
        super().__init__(graph)
        source = CompiledSource(graph, frozenset(moving))
        text = source.text + _row(graph) + _sum([tuple(graph.outputs).index(n) for n in losses])
        module = module_of(text, {**namespace, **COMPILED, **source.names})
        places = tuple(list(graph.parameters).index(name) for name in trained)
        self._run = ms.jit(ms.value_and_grad(module.losses, places, None, has_aux=True))

    def run(
        self, params: Sequence[Tensor], inputs: Sequence[Array], controls: Sequence[Any], key: int
    ) -> Any:
        """Returns ((loss, outputs), gradients)."""
        return self._run(*params, *self._arguments(inputs, controls, key))


def _row(graph: Graph) -> str:
    """Returns the source of the function of all arguments in a row."""
    counts = (len(graph.parameters), len(graph.inputs), len(graph.controls))
    ends = (counts[0], sum(counts[:2]), sum(counts))
    return (
        "\n\ndef row(*values):\n"
        f"    return forward(values[:{ends[0]}], values[{ends[0]}:{ends[1]}], "
        f"values[{ends[1]}:{ends[2]}], values[{ends[2]}])\n"
    )


def _sum(losses: Sequence[int]) -> str:
    """Returns the source of the function that is differentiated."""
    total = " + ".join(f"outputs[{place}]" for place in losses) or "None"
    return f"\n\ndef losses(*values):\n    outputs = row(*values)\n    return {total}, outputs\n"
