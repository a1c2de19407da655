"""Running generated functions over a store."""

from __future__ import annotations

from collections.abc import Callable

from vega_backend_ms.arrays import control, take, to_numpy
from vega_backend_ms.forms import Forms
from vega_backend_ms.store import MindSporeGradients, MindSporeStore
from vega_backend_ms.training import Step, Training
from vega_core.arrays import Array
from vega_core.backend import Batch, Executable, Gradients, StepControls, StepResult, TrainSpec
from vega_core.errors import ModelError
from vega_core.nn.graph import Graph
from vega_core.nn.keys import step_key


class MindSporeExecutable(Executable):
    """A graph over a `MindSporeStore`.

    Args:
        graph: The graph.
        store: What it reads and writes.
        train: What a training step does, or None.
        training: Gives the forms of the training step.
        prediction: Gives the forms for the names of the inputs at hand.
    """

    store: MindSporeStore

    _trains: Training
    """There is one where ``train`` is not None, which the public methods check."""

    def __init__(
        self,
        graph: Graph,
        store: MindSporeStore,
        train: TrainSpec | None,
        training: Callable[[TrainSpec], Forms],
        prediction: Callable[[frozenset[str]], Forms],
    ) -> None:
        super().__init__(graph, store, train)
        self._prediction = prediction
        self._forms: dict[frozenset[str], Forms] = {}
        if train is not None:
            self._trains = Training(training(train), store, train)

    def _train_step(self, inputs: Batch, controls: StepControls) -> StepResult:
        values, loss, gradients = self._run(inputs, controls)
        self._trains.update.step(gradients, controls.update)
        self.store.touch()
        return StepResult({name: values[name] for name in self.graph.outputs}, loss, to_numpy)

    def _gradients(self, inputs: Batch, controls: StepControls) -> Gradients:
        return self._run(inputs, controls)[2]

    def _apply(self, gradients: Gradients, controls: StepControls) -> None:
        if not isinstance(gradients, MindSporeGradients):
            raise ModelError(f"{type(gradients).__name__} are no gradients of this backend")
        self._trains.update.step(gradients.of(self._trains.trained), controls.update)
        self.store.touch()

    def _predict(self, inputs: Batch, controls: StepControls) -> dict[str, Array]:
        present, store = frozenset(inputs), self.store
        if present not in self._forms:
            self._forms[present] = self._prediction(present)
        forms = self._forms[present]
        graph = forms.graph
        arrays = [inputs[name] for name in graph.inputs]
        values = [controls.graph[name] for name in graph.controls]
        key = step_key(controls.seed, controls.step)
        compiled = forms.compiled() if forms.compiled else None
        if compiled and compiled.fits(arrays):
            params = [store.value(name) for name in graph.parameters]
            outputs = compiled.run(params, arrays, values, key)
        else:
            tensors, numbers = [take(one) for one in arrays], [control(one) for one in values]
            params = [store.tensor(name) for name in graph.parameters]
            outputs = forms.eager().run(params, tensors, numbers, key)
        return {name: to_numpy(one) for name, one in zip(graph.outputs, outputs, strict=True)}

    def _run(self, inputs: Batch, controls: StepControls) -> Step:
        chosen = tuple((name, int(controls.graph[name])) for name in self._candidates)
        return self._trains.run(inputs, controls, chosen)
