"""A graph as a `mindspore.nn.Cell` of its own, for code that knows nothing of Vega."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mindspore as ms
import numpy as np
from mindspore import nn

from vega_backend_ms.arrays import Tensor, control, take
from vega_backend_ms.compiled import evaluation
from vega_backend_ms.generate import generate
from vega_backend_ms.source import compilable
from vega_core.backend import Params
from vega_core.backend.batches import check_choices, resolve_controls
from vega_core.errors import ModelError
from vega_core.nn.choices import candidates
from vega_core.nn.graph import Graph
from vega_core.nn.keys import step_key


class GraphCell(nn.Cell):  # type: ignore[misc]  # MindSpore has no types
    """Runs a graph eagerly; parameters have the graph's dotted names.

    A call takes the graph's inputs in order, or by name, and returns the output, or outputs by name
    where there are several. ``set_train()`` chooses the mode, as everywhere. Controls (rates,
    masks, choices) are the entries of ``controls``, with their defaults at first. `compilable`
    returns an evaluation for graph mode, with the values that they have then.

    Args:
        graph: The graph.
        params: Every parameter and statistic by name; copied.

    Example:
        ```python
        cell = backend.native(graph, params)
        cell.controls["drop1.rate"] = 0.1
        scores = cell.set_train()(images)
        ```
    """

    def __init__(self, graph: Graph, params: Params) -> None:
        super().__init__(auto_prefix=False)
        self.held = ms.ParameterTuple(
            [
                ms.Parameter(take(params[name]), name=name, requires_grad=spec.trained)
                for name, spec in graph.parameters.items()
            ]
        )
        statistics = [n for n, spec in graph.parameters.items() if spec.kind == "statistic"]
        self._programs = {
            True: generate(graph.in_mode("train"), moving=statistics),
            False: generate(graph.in_mode("eval")),
        }
        self._graph = graph
        self._candidates = candidates(graph)
        self._given: dict[str, Any] = {n: one.default for n, one in graph.controls.items()}

    @property
    def controls(self) -> dict[str, Any]:
        """Value of each control by name, a number or an array; set an entry to change it."""
        return self._given

    def construct(self, *args: Tensor, **kwargs: Tensor) -> Any:
        """Runs the graph; dropout draws from NumPy's generator, as `mindspore.set_seed` seeds it.

        Raises:
            TypeError: Inputs are missing, or left over.
            ModelError: A control does not exist, or has another shape or no such candidate.
        """
        program = self._programs[self.training]
        names = program.inputs
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        if set(given) != set(names) or len(args) + len(kwargs) != len(names):
            raise TypeError(
                f"the network takes {', '.join(names)}, and was given {len(args)} by position"
                f"{''.join(f', {name}' for name in kwargs)}"
            )
        key = step_key(int(np.random.randint(2**31)), 0) if self.training else 0  # noqa: NPY002
        controls = [control(value) for value in self._values().values()]
        outputs = program.run(self.held, [given[name] for name in names], controls, key)
        if len(outputs) == 1:
            return outputs[0]
        return dict(zip(program.outputs, outputs, strict=True))

    def compilable(self) -> nn.Cell:
        """Returns a Cell over the same parameters for graph mode: it evaluates, as things stand.

        It takes the graph's inputs in order and returns a tuple of the outputs.

        Raises:
            ModelError: The graph chooses among branches, or has operators of a plugin's own.
        """
        graph = self._graph.in_mode("eval")
        if not compilable(graph):
            raise ModelError(
                "graph mode runs neither choices nor operators or Cells of others; run it eagerly"
            )
        values = self._values()
        controls = [np.asarray(values[n], spec.dtype) for n, spec in graph.controls.items()]
        return _Evaluation(graph, self.held, controls)

    def _values(self) -> Mapping[str, Any]:
        found = resolve_controls(self._graph.controls, {}, self._given, 0)
        check_choices(self._candidates, found)
        return found.graph


class _Evaluation(nn.Cell):  # type: ignore[misc]
    """A graph in evaluation, as MindSpore's graph mode can follow it."""

    def __init__(self, graph: Graph, held: ms.ParameterTuple, controls: list[Any]) -> None:
        super().__init__(auto_prefix=False)
        self.held = held
        self.fixed = tuple(map(take, controls))
        self.run = evaluation(graph)
        self.set_train(False)

    def construct(self, *inputs: Tensor) -> Any:
        return self.run(self.held, inputs, self.fixed)
