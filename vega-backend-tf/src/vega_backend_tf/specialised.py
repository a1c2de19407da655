"""A graph with choices, run eagerly: for each set of choices the graph of those alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any

from vega_backend_tf.programs import Programs
from vega_backend_tf.store import TensorFlowStore
from vega_backend_tf.whole import Whole
from vega_core.backend import Batch, StepControls, TrainSpec
from vega_core.nn import Graph
from vega_core.nn.choices import candidates, specialised


class Specialised:
    """Runs the graph of the chosen branches; builds nothing.

    Args:
        graph: The graph.
        spec: What is trained; None to predict.
        store: Parameters and slots.
        programs: Counts the graph.
        key: What decides it.
    """

    def __init__(
        self,
        graph: Graph,
        spec: TrainSpec | None,
        store: TensorFlowStore,
        programs: Programs,
        key: tuple[Hashable, ...],
    ) -> None:
        self._graph, self._spec, self._store = graph, spec, store
        self._controls = tuple(candidates(graph))
        self._of = lru_cache(maxsize=1024)(self._specialise)
        programs.get(("eager", *key), lambda: None)

    def step(self, inputs: Batch, controls: StepControls) -> tuple[Mapping[str, Any], Any]:
        """Returns the outputs and the loss of a training step."""
        return self._chosen(controls).step(inputs, controls)

    def gradients(self, inputs: Batch, controls: StepControls) -> Mapping[str, Any]:
        """Returns the gradient of each parameter that has one."""
        return self._chosen(controls).gradients(inputs, controls)

    def predict(self, inputs: Batch, controls: StepControls) -> Mapping[str, Any]:
        """Returns the outputs."""
        return self._chosen(controls).predict(inputs, controls)

    def _chosen(self, controls: StepControls) -> Whole:
        return self._of(tuple(int(controls.graph[name]) for name in self._controls))

    def _specialise(self, numbers: tuple[int, ...]) -> Whole:
        chosen = dict(zip(self._controls, numbers, strict=True))
        graph = specialised(self._graph, chosen)
        return Whole(graph, self._spec, self._store, Programs("eager"), (), self._graph)
