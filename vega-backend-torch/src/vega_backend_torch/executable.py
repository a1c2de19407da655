"""Running generated functions over a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch

from vega_backend_torch.arrays import to_numpy
from vega_backend_torch.optim import Update
from vega_backend_torch.store import TorchGradients, TorchStore
from vega_core.arrays import Array
from vega_core.backend import Batch, Executable, Gradients, StepControls, StepResult, TrainSpec
from vega_core.backend.writing import Program
from vega_core.errors import ModelError
from vega_core.nn.graph import Graph
from vega_core.nn.keys import step_key

Control: TypeAlias = float | torch.Tensor


class Training:
    """What a training step of one executable runs with.

    It has leaves of its own over the store's memory: what it does not train needs no gradient, and
    gradients of two executables never meet.

    Args:
        program: The graph in training.
        graph: The graph.
        store: Parameters and slots.
        spec: What is trained, and how.
    """

    def __init__(self, program: Program, graph: Graph, store: TorchStore, spec: TrainSpec) -> None:
        self.program = program
        self.update = Update(graph, store, spec)
        self.leaves = {
            name: store.tensor(name).detach().requires_grad_() for name in spec.trained(graph)
        }
        self.params = [self.leaves.get(name, store.tensor(name)) for name in program.params]
        self._losses = [program.outputs.index(name) for name in spec.losses]
        self._reduced = spec.precision != "float32"
        self._device = store.placement.device.type

    def forward(
        self, inputs: Sequence[torch.Tensor], controls: Sequence[Control], key: int
    ) -> tuple[Mapping[str, torch.Tensor], torch.Tensor]:
        """Returns the outputs, detached, and the loss to differentiate."""
        with torch.autocast(self._device, torch.bfloat16, enabled=self._reduced):
            outputs = self.program.run(self.params, inputs, controls, key)
        first, *others = (outputs[index] for index in self._losses)
        loss: torch.Tensor = sum(others, first)
        values = {n: v.detach() for n, v in zip(self.program.outputs, outputs, strict=True)}
        return values, loss

    def backward(self, loss: Any) -> dict[str, torch.Tensor]:
        """Returns the gradient of each leaf that the loss depends on."""
        gradients: dict[str, torch.Tensor] = {}
        if not loss.requires_grad:
            return gradients
        loss.backward()
        for name, leaf in self.leaves.items():
            if leaf.grad is not None:
                gradients[name], leaf.grad = leaf.grad, None
        return gradients


class TorchExecutable(Executable):
    """A graph over a `TorchStore`; runs eagerly.

    Args:
        graph: The graph.
        store: What it reads and writes.
        train: What a training step does, or None.
        training: Gives the program of the training step.
        prediction: Gives the program for the names of the inputs at hand.
    """

    _trains: Training
    """There is one where ``train`` is not None, which the public methods check."""

    def __init__(
        self,
        graph: Graph,
        store: TorchStore,
        train: TrainSpec | None,
        training: Callable[[TrainSpec], Program],
        prediction: Callable[[frozenset[str]], Program],
    ) -> None:
        super().__init__(graph, store, train)
        self._placement = store.placement
        self._tensor = store.tensor
        self._prediction = prediction
        self._programs: dict[frozenset[str], tuple[Program, list[torch.Tensor]]] = {}
        if train is not None:
            self._trains = Training(training(train), graph, store, train)

    def _train_step(self, inputs: Batch, controls: StepControls) -> StepResult:
        training = self._trains
        values, loss = training.forward(*self._arguments(training.program, inputs, controls))
        training.update.step(training.backward(loss), controls.update)
        return StepResult(values, loss.detach(), to_numpy)

    def _gradients(self, inputs: Batch, controls: StepControls) -> Gradients:
        training = self._trains
        _, loss = training.forward(*self._arguments(training.program, inputs, controls))
        return TorchGradients(training.backward(loss))

    def _apply(self, gradients: Gradients, controls: StepControls) -> None:
        if not isinstance(gradients, TorchGradients):
            raise ModelError(f"{type(gradients).__name__} are no gradients of this backend")
        trained = {n: t for n, t in gradients.tensors.items() if n in self._trains.leaves}
        self._trains.update.step(trained, controls.update)

    def _predict(self, inputs: Batch, controls: StepControls) -> dict[str, Array]:
        present = frozenset(inputs)
        if present not in self._programs:
            program = self._prediction(present)
            self._programs[present] = program, [self._tensor(name) for name in program.params]
        program, params = self._programs[present]
        with torch.inference_mode():
            outputs = program.run(params, *self._arguments(program, inputs, controls))
            return {n: to_numpy(v) for n, v in zip(program.outputs, outputs, strict=True)}

    def _arguments(
        self, program: Program, inputs: Batch, controls: StepControls
    ) -> tuple[list[torch.Tensor], list[Control], int]:
        return (
            [self._placement.take(inputs[name]) for name in program.inputs],
            [self._placement.control(controls.graph[name]) for name in program.controls],
            step_key(controls.seed, controls.step),
        )
