"""What executables call: a graph's prediction, its step, its gradients, and an update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import tensorflow as tf

from vega_backend_tf.function import Bank, Function, Mode
from vega_backend_tf.layout import Layout, assign
from vega_backend_tf.optim import Update
from vega_backend_tf.sparse import Rows, parts_of, rows_of
from vega_backend_tf.walk import Held, Walk, drawing, others
from vega_core.backend import TrainSpec
from vega_core.backend.rows import looked_up
from vega_core.errors import ModelError
from vega_core.nn import Graph, TensorSpec

Slots = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Lowered:
    """A graph whose modes are fixed, and in which order its functions take their arguments.

    Functions take tensors: the inputs, the controls, the rates of the optimizer where there is one,
    and the keys of what draws; then variables: the parameters, and the slots where there are any.

    Attributes:
        graph: The graph.
        spec: What is trained; None in prediction.
        trained: Names of the parameters that are trained.
        moving: Names of the statistics that move.
        mode: How its functions run.
        by_row: Tables of which a step changes only the rows that are looked up.
    """

    graph: Graph
    spec: TrainSpec | None
    trained: tuple[str, ...]
    moving: frozenset[str]
    mode: Mode
    by_row: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _ = self.walk  # now, and not while something is traced

    @classmethod
    def of(
        cls, graph: Graph, spec: TrainSpec | None, mode: Mode, whole: Graph | None = None
    ) -> Lowered:
        """Returns a graph in training, or in evaluation where nothing is trained.

        Args:
            graph: The graph.
            spec: What is trained, by names of the whole graph.
            mode: How its functions run.
            whole: The graph of which it is the chosen branches; by default itself.
        """
        if spec is None:
            return cls(graph.in_mode("eval"), None, (), frozenset(), mode)
        whole, train = graph if whole is None else whole, graph.in_mode("train")
        trained = tuple(name for name in spec.trained(whole) if name in train.parameters)
        moving = frozenset(spec.moving(whole)).intersection(train.parameters)
        rows = looked_up(whole.in_mode("train")).intersection(trained)
        return cls(train, spec, trained, moving, mode, rows)

    @property
    def training(self) -> TrainSpec:
        """What is trained; asked for where something is."""
        if self.spec is None:
            raise ModelError("nothing is trained")
        return self.spec

    @cached_property
    def layout(self) -> Layout:
        """How values are held."""
        return assign(self.graph)

    @cached_property
    def walk(self) -> Walk:
        """How the nodes run."""
        reduced = self.spec is not None and self.spec.precision != "float32"
        fused = self.mode != "xla"
        called = others(self.graph.nodes)
        return Walk(self.graph, self.layout, self.moving, fused, reduced, called)

    @cached_property
    def drawing(self) -> tuple[str, ...]:
        """Names of the nodes that draw at random."""
        return drawing(self.graph.nodes)

    def specs(self, shapes: Mapping[str, Sequence[int | None]], rates: int = 0) -> list[Any]:
        """Returns the specifications of the tensors that functions take.

        Args:
            shapes: Shape of each input.
            rates: Number of rates of the optimizer.
        """
        graph = self.graph
        specs = [tf.TensorSpec(shapes[name], spec.dtype) for name, spec in graph.inputs.items()]
        specs += [tf.TensorSpec(c.shape, c.dtype) for c in graph.controls.values()]
        if rates:
            specs.append(tf.TensorSpec((rates,), tf.float64))
        return [*specs, tf.TensorSpec((len(self.drawing), 2), tf.int32)]

    def run(self, tensors: Sequence[Any], held: Held) -> dict[str, Any]:
        """Runs all nodes and returns every value as it is held."""
        graph = self.graph
        values = dict(zip((*graph.inputs, *graph.controls), tensors, strict=False))
        batch = batch_of(graph.inputs, values)
        keys = dict(zip(self.drawing, tf.unstack(tensors[-1], len(self.drawing)), strict=True))
        self.walk.run(graph.nodes, values, held, batch, keys)
        return values

    def outputs(self, values: Mapping[str, Any]) -> list[Any]:
        """Returns the outputs with the graph's order of axes."""
        return [self.walk.plain(value, values) for value in self.graph.outputs.values()]

    def loss(self, values: Mapping[str, Any], outputs: Mapping[str, str]) -> Any:
        """Returns the sum of the losses, given the value that each output is."""
        losses = [values[outputs[name]] for name in self.training.losses]
        return losses[0] if len(losses) == 1 else tf.add_n(losses)

    def differentiated(
        self, tensors: Sequence[Any], variables: Mapping[str, Any]
    ) -> tuple[list[Any], Any, dict[str, Any]]:
        """Returns the outputs, the loss, and the gradient of each parameter that it depends on."""
        sources = [variables[name] for name in self.trained]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            values = self.run(tensors, Held(variables, self.by_row))
            outputs = self.outputs(values)
            loss = self.loss(values, self.graph.outputs)
        found = tape.gradient(loss, sources)
        gradients = {
            name: rows_of(gradient, self.graph.parameters[name].shape[0])
            if name in self.by_row
            else tf.convert_to_tensor(gradient)
            for name, gradient in zip(self.trained, found, strict=True)
            if gradient is not None
        }
        return outputs, loss, gradients


def batch_of(inputs: Mapping[str, TensorSpec], values: Mapping[str, Any]) -> Any:
    """Returns the batch size of inputs: a number, or a tensor where shapes are open."""
    for name, spec in inputs.items():
        for axis, size in enumerate(spec.shape):
            if size < 0:
                known = values[name].shape[axis]
                return (tf.shape(values[name])[axis] if known is None else known) // -size
    return 1


class Prediction:
    """The outputs of a graph in evaluation."""

    def __init__(self, lowered: Lowered, specs: Sequence[Any], bank: Bank) -> None:
        names = tuple(lowered.graph.parameters)

        def body(tensors: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
            held = Held(dict(zip(names, variables, strict=True)))
            return lowered.outputs(lowered.run(tensors, held))

        self._run = Function(body, specs, bank, lowered.mode)
        self._names = tuple(lowered.graph.outputs)

    def __call__(self, tensors: Sequence[Any], bank: Bank) -> dict[str, Any]:
        """Returns each output by name."""
        return dict(zip(self._names, self._run(tensors, bank), strict=True))


class Step:
    """A training step: outputs, gradients and the update in one call."""

    def __init__(self, lowered: Lowered, update: Update, specs: Sequence[Any], bank: Bank) -> None:
        names = tuple(lowered.graph.parameters)
        slots = [(name, slot) for name in lowered.trained for slot in update.slots]

        def body(tensors: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
            params = dict(zip(names, variables, strict=False))
            kept = dict(zip(slots, variables[len(names) :], strict=True))
            outputs, loss, gradients = lowered.differentiated([*tensors[:-2], tensors[-1]], params)
            update.step(params, kept, gradients, tensors[-2])
            return [*outputs, loss]

        self._run = Function(body, specs, bank, lowered.mode)
        self._names = tuple(lowered.graph.outputs)

    def __call__(self, tensors: Sequence[Any], bank: Bank) -> tuple[dict[str, Any], Any]:
        """Returns each output by name, and the loss."""
        *outputs, loss = self._run(tensors, bank)
        return dict(zip(self._names, outputs, strict=True)), loss


class GradientsOf:
    """The gradients of a graph's loss; statistics move."""

    def __init__(self, lowered: Lowered, specs: Sequence[Any], bank: Bank) -> None:
        names = tuple(lowered.graph.parameters)
        self._sizes: list[tuple[str, int | None]] = []

        def body(tensors: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
            params = dict(zip(names, variables, strict=False))
            gradients = lowered.differentiated(tensors, params)[2]
            self._sizes = [
                (name, g.size if isinstance(g, Rows) else None) for name, g in gradients.items()
            ]
            return [part for gradient in gradients.values() for part in parts_of(gradient)]

        self._run = Function(body, specs, bank, lowered.mode)

    def __call__(self, tensors: Sequence[Any], bank: Bank) -> dict[str, Any]:
        """Returns the gradient of each parameter that has one."""
        parts = iter(self._run(tensors, bank))
        return {
            name: next(parts) if size is None else Rows(next(parts), next(parts), size)
            for name, size in self._sizes
        }
