"""Predictions in MindSpore's graph mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import is_not
from typing import Any

import mindspore as ms
from mindspore import nn

from vega_backend_ms.arrays import Tensor, take, to_numpy
from vega_backend_ms.compiled import Compiled, module_of
from vega_backend_ms.lower import COMPILED
from vega_backend_ms.source import CompiledSource
from vega_core.arrays import Array
from vega_core.nn import Graph
from vega_core.nn.rewrites import FoldBatchNorm


class CompiledPrediction(Compiled):
    """The outputs of a graph whose batch normalizations are folded into the layers before them.

    It has parameters of its own, made anew when it is given others than the last time: looking at
    so many arguments would take as long as a small network.

    Args:
        graph: The graph, in evaluation.
        namespace: What expressions may name.
    """

    def __init__(self, graph: Graph, namespace: Mapping[str, Any]) -> None:
        super().__init__(graph)
        self._graph = graph
        source = CompiledSource(FoldBatchNorm()(graph))
        module = module_of(source.text, {**namespace, **COMPILED, **source.names})
        self._given: tuple[Tensor, ...] = ()
        self._cell = _Holding(module.forward, len(graph.inputs))
        self._run = ms.jit(self._cell)

    def run(
        self, params: Sequence[Tensor], inputs: Sequence[Array], controls: Sequence[Any], key: int
    ) -> Any:
        """Returns the outputs."""
        if self._cell.held is None or any(map(is_not, params, self._given)):
            arrays = dict(zip(self._graph.parameters, map(to_numpy, params), strict=True))
            self._cell.hold(list(FoldBatchNorm().carry(self._graph, arrays).values()))
            # Kept, so that no other tensor takes the place of one of them.
            self._given = tuple(params)
        return self._run(*self._arguments(inputs, controls, key))


class _Holding(nn.Cell):  # type: ignore[misc]  # MindSpore has no types
    """A function of parameters, inputs, controls and keys, with parameters of its own.

    Args:
        forward: The function.
        inputs: Number of the inputs.
    """

    def __init__(self, forward: Any, inputs: int) -> None:
        super().__init__(auto_prefix=False)
        self.forward, self.inputs = forward, inputs
        self.held: Any = None

    def hold(self, arrays: Sequence[Array]) -> None:
        """Takes over the values of parameters."""
        if self.held is None:
            named = enumerate(map(take, arrays))
            self.held = ms.ParameterTuple([ms.Parameter(one, name=f"p{n}") for n, one in named])
        else:
            for own, array in zip(self.held, arrays, strict=True):
                ms.ops.assign(own, take(array))

    def construct(self, *values: Tensor) -> Any:
        """Runs the function on the inputs, the controls and the keys, in a row."""
        inputs = self.inputs
        return self.forward(self.held, values[:inputs], values[inputs:-1], values[-1])
