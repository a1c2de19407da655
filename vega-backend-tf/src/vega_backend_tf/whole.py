"""A graph without choices over a store: one function a training step."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from vega_backend_tf.arguments import Arguments
from vega_backend_tf.function import Bank, Mode
from vega_backend_tf.modes import choose
from vega_backend_tf.optim import Update
from vega_backend_tf.program import GradientsOf, Lowered, Prediction, Step
from vega_backend_tf.programs import Programs
from vega_backend_tf.store import TensorFlowStore
from vega_core.backend import Batch, StepControls, TrainSpec
from vega_core.nn import Graph

Shapes: TypeAlias = tuple[tuple[int | None, ...], ...]


class Whole:
    """Runs a graph as one function, for the first batch size with all that is known of it.

    Batches of other sizes share one function more, whose shapes are open: a size that comes once,
    as the rest of an epoch does, must not compile anything. XLA knows no open sizes: under it each
    has a function of its own.

    Args:
        graph: The graph.
        spec: What is trained; None to predict.
        store: Parameters and slots.
        programs: Keeps the programs.
        key: What the programs belong to, beside shapes.
        origin: The graph of which it is the chosen branches, whose names ``spec`` speaks of; by
            default itself.
    """

    def __init__(
        self,
        graph: Graph,
        spec: TrainSpec | None,
        store: TensorFlowStore,
        programs: Programs,
        key: tuple[Hashable, ...],
        origin: Graph | None = None,
    ) -> None:
        self._graph, self._spec, self._store = graph, spec, store
        self._origin = graph if origin is None else origin
        self._programs, self._key = programs, key
        self._first: tuple[Shapes, Mode] | None = None
        self._lowered: dict[Mode, Lowered] = {}

    def step(self, inputs: Batch, controls: StepControls) -> tuple[Mapping[str, Any], Any]:
        """Returns the outputs and the loss of a training step."""
        shapes, mode = self._form(inputs)
        lowered = self._in(mode)

        def build() -> Step:
            update = self._update(mode)
            specs = lowered.specs(self._named(shapes), len(update.rates))
            return Step(lowered, update, specs, self._bank)

        program = self._programs.get(("step", *self._key, shapes, mode), build)
        return program(
            self._arguments.all(inputs, controls, lowered.drawing, rates=True), self._bank
        )

    def gradients(self, inputs: Batch, controls: StepControls) -> Mapping[str, Any]:
        """Returns the gradient of each parameter that has one."""
        shapes, mode = self._form(inputs)
        lowered = self._in(mode)

        def build() -> GradientsOf:
            specs = lowered.specs(self._named(shapes))
            return GradientsOf(lowered, specs, self._parameters)

        program = self._programs.get(("gradients", *self._key, shapes, mode), build)
        return program(self._arguments.all(inputs, controls, lowered.drawing), self._parameters)

    def predict(self, inputs: Batch, controls: StepControls) -> Mapping[str, Any]:
        """Returns the outputs."""
        shapes, mode = self._form(inputs)
        lowered = self._in(mode)

        def build() -> Prediction:
            specs = lowered.specs(self._named(shapes))
            return Prediction(lowered, specs, self._parameters)

        program = self._programs.get(("predict", *self._key, shapes, mode), build)
        return program(self._arguments.all(inputs, controls, lowered.drawing), self._parameters)

    def _form(self, inputs: Batch) -> tuple[Shapes, Mode]:
        """Returns the shapes that a program is built for, and how it runs."""
        if self._mode == "eager":
            return self._open, "eager"
        shapes: Shapes = tuple(inputs[name].shape for name in self._graph.inputs)
        if self._first is None or self._mode == "xla":
            self._first = shapes, self._mode
        if shapes == self._first[0]:
            return self._first
        return self._open, "graph"

    @cached_property
    def _mode(self) -> Mode:
        """How the graph runs for its first batch size."""
        return choose(self._programs.option, self._fixed, self._spec)

    @cached_property
    def _arguments(self) -> Arguments:
        return Arguments(self._fixed)

    @cached_property
    def _fixed(self) -> Graph:
        return self._graph.in_mode("eval" if self._spec is None else "train")

    @cached_property
    def _open(self) -> Shapes:
        return tuple(
            tuple(None if size < 0 else size for size in spec.shape)
            for spec in self._graph.inputs.values()
        )

    @cached_property
    def _parameters(self) -> Bank:
        return Bank.of([self._store.variable(name) for name in self._fixed.parameters])

    @cached_property
    def _bank(self) -> Bank:
        lowered = self._in(self._mode)
        slots = lowered.training.optimizer.slots.items()
        held = [
            self._store.slot(name, slot, form) for name in lowered.trained for slot, form in slots
        ]
        return Bank.of([*self._parameters.variables, *held])

    def _in(self, mode: Mode) -> Lowered:
        if mode not in self._lowered:
            self._lowered[mode] = Lowered.of(self._graph, self._spec, mode, self._origin)
        return self._lowered[mode]

    def _update(self, mode: Mode) -> Update:
        return Update(self._origin, self._in(mode).training, fused=mode != "xla")

    def _named(self, shapes: Shapes) -> dict[str, Sequence[int | None]]:
        return dict(zip(self._graph.inputs, shapes, strict=True))
