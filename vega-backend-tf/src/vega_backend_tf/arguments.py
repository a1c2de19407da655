"""What functions are called with: the inputs, controls, rates and keys of a step as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vega_backend_tf.arrays import take
from vega_backend_tf.walk import keys_of
from vega_core.backend import Batch, StepControls
from vega_core.errors import ModelError
from vega_core.nn import Graph, ops


class Arguments:
    """Makes tensors, in the scope of a device.

    Args:
        graph: Knows the controls' types.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._none = take(np.zeros((0, 2), np.int32))

    def value(self, name: str, inputs: Batch, controls: StepControls) -> Any:
        """Returns an input or control by name."""
        if name in inputs:
            return take(inputs[name])
        return take(np.asarray(controls.graph[name], self._graph.controls[name].dtype))

    def keys(self, drawing: Sequence[str], controls: StepControls) -> Any:
        """Returns the keys of nodes that draw: (nodes, 2)."""
        if not drawing:
            return self._none
        return take(keys_of(drawing, controls.seed, controls.step))

    def all(
        self, inputs: Batch, controls: StepControls, drawing: Sequence[str], rates: bool = False
    ) -> list[Any]:
        """Returns the tensors that the functions of a whole graph take, in their order."""
        names = (*self._graph.inputs, *self._graph.controls)
        tensors = [self.value(name, inputs, controls) for name in names]
        if rates:
            tensors.append(rates_of(controls))
        return [*tensors, self.keys(drawing, controls)]


def rates_of(controls: StepControls) -> Any:
    """Returns the rates of the optimizer: a vector of float64."""
    return take(np.asarray(list(controls.update.values()), np.float64))


def dropout_rates(graph: Graph) -> tuple[str, ...]:
    """Returns the controls that are rates of dropout, in a graph whose modes are fixed."""
    rates = (
        node.inputs[1]
        for node in graph.nodes
        if isinstance(node.op, ops.Dropout) and node.op.mode == "train"
    )
    return tuple(dict.fromkeys(rate for rate in rates if rate in graph.controls))


def check_rates(names: Sequence[str], controls: StepControls) -> None:
    """Checks rates before a step has done anything: nothing that is compiled could tell.

    Raises:
        ModelError: One is no probability.
    """
    for name in names:
        rate = controls.graph[name]
        if not 0 <= rate <= 1:
            raise ModelError(f"a dropout rate is in [0, 1], and got {rate} for {name!r}")
