"""The training step of one executable, eagerly or compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import mindspore as ms
from mindspore import ops
from mindspore.common.api import _pynative_executor

from vega_backend_ms.active import Active, active
from vega_backend_ms.arrays import Tensor, control, take
from vega_backend_ms.forms import Forms
from vega_backend_ms.optim import Update
from vega_backend_ms.store import MindSporeGradients, MindSporeStore, write
from vega_core.backend import Batch, StepControls, TrainSpec
from vega_core.nn.keys import step_key

Chosen: TypeAlias = tuple[tuple[str, int], ...]
Step: TypeAlias = tuple[Mapping[str, Tensor], Tensor, MindSporeGradients]
"""Outputs, the loss, and the gradient of each parameter that it depends on."""

_SELECTIONS = 1024
"""Selections of branches of which an executable remembers what they train."""


class Training:
    """What a training step of one executable runs with.

    Args:
        forms: The graph in training.
        store: Parameters and slots.
        spec: What is trained, and how.
    """

    def __init__(self, forms: Forms, store: MindSporeStore, spec: TrainSpec) -> None:
        graph = forms.graph
        self.update = Update(graph, store, spec)
        self.trained = frozenset(spec.trained(graph))
        self._forms, self._store = forms, store
        self._moving = spec.moving(graph)
        self._losses = spec.losses
        self._params = [store.tensor(name) for name in graph.parameters]

        def selected(chosen: Chosen) -> tuple[Active, Sequence[Tensor]]:
            found = active(graph, spec, dict(chosen))
            return found, ms.ParameterTuple([store.tensor(name) for name in found.names])

        self._selected = lru_cache(_SELECTIONS)(selected)

    def run(self, inputs: Batch, controls: StepControls, chosen: Chosen) -> Step:
        """Computes a step; of the store it changes the statistics that move alone."""
        graph = self._forms.graph
        found, weights = self._selected(chosen)
        arrays = [inputs[name] for name in graph.inputs]
        values = [controls.graph[name] for name in graph.controls]
        key = step_key(controls.seed, controls.step)
        compiled = self._forms.compiled() if self._forms.compiled else None
        if compiled and compiled.fits(arrays):
            params = [self._store.value(name) for name in graph.parameters]
            (loss, outputs), gradients = compiled.run(params, arrays, values, key)
            # Of one parameter graph mode gives the gradient itself.
            gradients = gradients if isinstance(gradients, tuple) else (gradients,)
            for name in self._moving:
                write(self._store.tensor(name), self._store.value(name))
        else:
            arguments = ([take(one) for one in arrays], [control(one) for one in values], key)
            (loss, outputs), gradients = self._eagerly(weights, arguments)
        self._store.touch()
        named = dict(zip(graph.outputs, outputs, strict=True))
        rows = {
            table: ops.concat([named[name].reshape(-1) for name in names])
            for table, names in found.rows.items()
        }
        tensors = dict(zip(found.names, gradients, strict=True))
        return named, loss, MindSporeGradients(tensors, rows)

    def _eagerly(self, weights: Sequence[Tensor], arguments: tuple[Any, ...]) -> Any:
        program = self._forms.eager()
        losses = [program.outputs.index(name) for name in self._losses]

        def forward() -> tuple[Tensor, tuple[Tensor, ...]]:
            outputs = program.run(self._params, *arguments)
            first, *others = (outputs[index] for index in losses)
            return sum(others, first), outputs

        if not weights:
            return forward(), ()
        try:
            return ms.value_and_grad(forward, None, weights, has_aux=True)()
        except Exception:
            _pynative_executor.clear_res()  # else MindSpore fails in what comes later too
            raise
