"""A graph with choices over a store: segments, dispatched from the host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import tensorflow as tf

from vega_backend_tf.arguments import Arguments, rates_of
from vega_backend_tf.chosen import Chosen, chosen
from vega_backend_tf.flows import required
from vega_backend_tf.function import Bank
from vega_backend_tf.program import Lowered
from vega_backend_tf.programs import Programs
from vega_backend_tf.segment_form import form_of
from vega_backend_tf.segment_program import SegmentProgram, Slopes
from vega_backend_tf.segments import Segment, Segments
from vega_backend_tf.sparse import added
from vega_backend_tf.store import TensorFlowStore
from vega_backend_tf.updates import Updates
from vega_backend_tf.walk import drawing
from vega_core.backend import Batch, StepControls, TrainSpec
from vega_core.backend.batches import samples
from vega_core.backend.flows import floating
from vega_core.nn import Graph
from vega_core.nn.choices import candidates


@dataclass(frozen=True)
class Ran:
    """A segment that has run forward.

    Attributes:
        place: Which segment.
        inputs: What its inputs are called where they were made.
        kept: What backward needs.
        program: Its functions.
    """

    place: int
    inputs: Sequence[str]
    kept: Sequence[Any]
    program: SegmentProgram


class Segmented:
    """Runs the segments that a set of choices needs; others are not touched.

    Segments of one form share their functions, with the parameters as arguments: the same candidate
    at two places of a cell is traced once. After each candidate has been seen nothing is traced.

    Args:
        graph: The graph.
        spec: What is trained; None to predict.
        store: Parameters and slots.
        programs: Keeps the functions.
    """

    def __init__(
        self, graph: Graph, spec: TrainSpec | None, store: TensorFlowStore, programs: Programs
    ) -> None:
        self._store, self._programs = store, programs
        self._lowered = lowered = Lowered.of(graph, spec, "graph")
        self._cut = Segments(lowered.graph)
        self._places = {id(segment): place for place, segment in enumerate(self._cut.all)}
        self._controls = tuple(candidates(lowered.graph))
        self._required = required(lowered.graph, lowered.trained)
        self._slopes = [self._slopes_of(segment) for segment in self._cut.all]
        self._banks = [
            Bank.of([store.variable(name) for name in segment.params]) for segment in self._cut.all
        ]
        self._drawing = [drawing(segment.nodes) for segment in self._cut.all]
        self._arguments = Arguments(lowered.graph)
        self._made: dict[tuple[int, int | None], SegmentProgram] = {}
        self._size: int | None = None
        self._chosen = lru_cache(maxsize=1024)(self._choose)
        self._one = lru_cache(lambda dtype: tf.ones((), dtype))

    def step(self, inputs: Batch, controls: StepControls) -> tuple[Mapping[str, Any], Any]:
        """Returns the outputs and the loss of a training step."""
        what, values, ran = self._forward(inputs, controls)
        gradients = self._backward(what, values, ran)
        outputs = self._outputs(what, values)
        loss = self._lowered.loss(values, what.outputs)
        del values, ran  # so that nothing holds the arrays that are updated
        self._updates.step(gradients, rates_of(controls))
        return outputs, loss

    def gradients(self, inputs: Batch, controls: StepControls) -> Mapping[str, Any]:
        """Returns the gradient of each parameter that has one."""
        return self._backward(*self._forward(inputs, controls))

    def predict(self, inputs: Batch, controls: StepControls) -> Mapping[str, Any]:
        """Returns the outputs."""
        what, values, _ = self._forward(inputs, controls)
        return self._outputs(what, values)

    def _choose(self, numbers: tuple[int, ...]) -> Chosen:
        return chosen(self._lowered, self._cut, dict(zip(self._controls, numbers, strict=True)))

    def _forward(
        self, inputs: Batch, controls: StepControls
    ) -> tuple[Chosen, dict[str, Any], list[Ran]]:
        what = self._chosen(tuple(int(controls.graph[name]) for name in self._controls))
        size = samples(self._lowered.graph.inputs, inputs)
        self._size = self._size or size
        batch = size if size == self._size else None
        values: dict[str, Any] = {}
        ran = []
        for segment in what.segments:
            place = self._places[id(segment)]
            names = [what.actual.get(name, name) for name in segment.inputs]
            self._taken(names, values, inputs, controls)
            tensors = [values[name] for name in names]
            if batch is None:
                tensors.append(tf.constant(size))
            tensors.append(self._arguments.keys(self._drawing[place], controls))
            program = self._program(place, batch)
            outputs, kept = program.forward(tensors, self._banks[place])
            values.update(zip(segment.outputs, outputs, strict=True))
            ran.append(Ran(place, names, kept, program))
        self._taken(what.outputs.values(), values, inputs, controls)
        return what, values, ran

    def _taken(
        self, names: Iterable[str], values: dict[str, Any], inputs: Batch, controls: StepControls
    ) -> None:
        """Adds the inputs and controls among these values."""
        for name in names:
            if name not in values:
                values[name] = self._arguments.value(name, inputs, controls)

    def _backward(
        self, what: Chosen, values: Mapping[str, Any], ran: Sequence[Ran]
    ) -> dict[str, Any]:
        slopes: dict[str, list[Any]] = {}
        for name in self._lowered.training.losses:
            loss = values[what.outputs[name]]
            slopes.setdefault(what.outputs[name], []).append(self._one(loss.dtype))
        gradients: dict[str, Any] = {}
        for one, flows in zip(reversed(ran), reversed(what.backward), strict=True):
            segment, form = self._cut.all[one.place], self._slopes[one.place]
            if not flows or not form.outputs:
                continue
            given = [self._total(segment.outputs[p], slopes, values) for p in form.outputs]
            bank = self._banks[one.place]
            found, own = one.program.backward(given, one.kept, bank)
            for p, gradient in zip(form.inputs, found, strict=True):
                slopes.setdefault(one.inputs[p], []).append(gradient)
            for p, gradient in zip(form.params, own, strict=True):
                name = segment.params[p]
                if name in what.params:
                    before = gradients.get(name)
                    gradients[name] = gradient if before is None else added(before, gradient)
        return gradients

    def _total(self, value: str, slopes: dict[str, list[Any]], values: Mapping[str, Any]) -> Any:
        parts = slopes.pop(value, None)
        if parts is None:
            return tf.zeros_like(values[value])
        return parts[0] if len(parts) == 1 else tf.raw_ops.AddN(inputs=parts)

    def _program(self, place: int, batch: int | None) -> SegmentProgram:
        if (place, batch) not in self._made:
            self._made[place, batch] = self._find(place, batch)
        return self._made[place, batch]

    def _find(self, place: int, batch: int | None) -> SegmentProgram:
        segment = self._cut.all[place]

        def build() -> SegmentProgram:
            specs = [self._spec(name, batch) for name in segment.inputs]
            if batch is None:
                specs.append(tf.TensorSpec((), tf.int32))
            specs.append(tf.TensorSpec((len(self._drawing[place]), 2), tf.int32))
            return SegmentProgram(
                self._lowered,
                segment,
                self._slopes[place],
                specs,
                batch,
                self._banks[place],
            )

        key = *form_of(self._lowered, segment, self._slopes[place]), batch
        return self._programs.get((*key, self._store.placement.device), build)

    def _spec(self, name: str, batch: int | None) -> Any:
        """Returns the specification of a value as it is held."""
        spec, last = self._lowered.graph.specs[name], self._lowered.layout.values[name]
        shape = [
            size if size >= 0 else None if batch is None else -size * batch for size in spec.shape
        ]
        if last and len(shape) > 2:
            shape = [shape[0], *shape[2:], shape[1]]
        return tf.TensorSpec(shape, spec.dtype)

    def _slopes_of(self, segment: Segment) -> Slopes:
        graph, trained = self._lowered.graph, set(self._lowered.trained)

        def places(values: Sequence[str]) -> tuple[int, ...]:
            return tuple(
                place
                for place, value in enumerate(values)
                if value in self._required and floating(graph, value)
            )

        outputs = places(segment.outputs)
        params = tuple(p for p, name in enumerate(segment.params) if name in trained)
        return Slopes(outputs, places(segment.inputs), params)

    def _outputs(self, what: Chosen, values: Mapping[str, Any]) -> dict[str, Any]:
        plain = self._lowered.walk.plain
        return {name: plain(value, values) for name, value in what.outputs.items()}

    @cached_property
    def _updates(self) -> Updates:
        users: dict[str, list[int]] = {}
        for place, segment in enumerate(self._cut.all):
            for name in segment.params:
                users.setdefault(name, []).append(place)
        groups: dict[tuple[int, ...], list[str]] = {}
        for name in self._lowered.trained:
            groups.setdefault(tuple(users[name]), []).append(name)
        lowered, parts = self._lowered, list(groups.values())
        return Updates(lowered.graph, lowered.training, self._store, self._programs, parts)
