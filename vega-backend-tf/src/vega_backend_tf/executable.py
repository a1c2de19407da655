"""Running programs over a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from vega_backend_tf.arguments import check_rates, dropout_rates, rates_of
from vega_backend_tf.arrays import to_numpy
from vega_backend_tf.programs import Programs
from vega_backend_tf.store import TensorFlowGradients, TensorFlowStore
from vega_backend_tf.updates import Updates
from vega_core.arrays import Array
from vega_core.backend import Batch, Executable, Gradients, StepControls, StepResult, TrainSpec
from vega_core.errors import ModelError
from vega_core.nn import Graph


class Runner(Protocol):
    """Runs a graph over a store."""

    def step(self, inputs: Batch, controls: StepControls) -> tuple[Mapping[str, Any], Any]:
        """Returns the outputs and the loss of a training step."""

    def gradients(self, inputs: Batch, controls: StepControls) -> Mapping[str, Any]:
        """Returns the gradient of each parameter that has one."""

    def predict(self, inputs: Batch, controls: StepControls) -> Mapping[str, Any]:
        """Returns the outputs."""


class TensorFlowExecutable(Executable):
    """A graph over a `TensorFlowStore`.

    Args:
        graph: The graph.
        store: What it reads and writes.
        train: What a training step does, or None.
        programs: Keeps the programs.
        training: Gives what runs training steps.
        prediction: Gives what predicts from the inputs of these names.
    """

    _runs: Runner
    """There is one where ``train`` is not None, which the public methods check."""

    def __init__(
        self,
        graph: Graph,
        store: TensorFlowStore,
        train: TrainSpec | None,
        programs: Programs,
        training: Callable[[TrainSpec], Runner],
        prediction: Callable[[frozenset[str]], Runner],
    ) -> None:
        super().__init__(graph, store, train)
        self._scope = store.placement.scope
        self._prediction = prediction
        self._predicts: dict[frozenset[str], Runner] = {}
        if train is not None:
            self._runs = training(train)
            self._drops = dropout_rates(graph.in_mode("train"))
            self._trained = train.trained(graph)
            for name in self._trained:
                for slot, form in train.optimizer.slots.items():
                    store.slot(name, slot, form)
            self._updates = Updates(graph, train, store, programs, [self._trained])

    def _train_step(self, inputs: Batch, controls: StepControls) -> StepResult:
        check_rates(self._drops, controls)
        with self._scope():
            values, loss = self._runs.step(inputs, controls)
        return StepResult(values, loss, to_numpy)

    def _gradients(self, inputs: Batch, controls: StepControls) -> Gradients:
        check_rates(self._drops, controls)
        with self._scope():
            return TensorFlowGradients(self._runs.gradients(inputs, controls))

    def _apply(self, gradients: Gradients, controls: StepControls) -> None:
        if not isinstance(gradients, TensorFlowGradients):
            raise ModelError(f"{type(gradients).__name__} are no gradients of this backend")
        given = {n: g for n, g in gradients.tensors.items() if n in self._trained}
        with self._scope():
            self._updates.step(given, rates_of(controls))

    def _predict(self, inputs: Batch, controls: StepControls) -> dict[str, Array]:
        present = frozenset(inputs)
        if present not in self._predicts:
            self._predicts[present] = self._prediction(present)
        with self._scope():
            outputs = self._predicts[present].predict(inputs, controls)
        return {name: to_numpy(tensor) for name, tensor in outputs.items()}
