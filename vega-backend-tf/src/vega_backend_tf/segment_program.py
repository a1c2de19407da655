"""One segment as two functions: forward, and backward from what forward kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from vega_backend_tf.function import Bank, call, traced
from vega_backend_tf.program import Lowered
from vega_backend_tf.segments import Segment
from vega_backend_tf.sparse import Rows, rows_of
from vega_backend_tf.walk import Held, drawing


@dataclass(frozen=True)
class Slopes:
    """What a segment is differentiated by, and from.

    Attributes:
        outputs: Places of the outputs whose gradients it is given.
        inputs: Places of the inputs whose gradients it gives.
        params: Places of the parameters whose gradients it gives.
    """

    outputs: tuple[int, ...]
    inputs: tuple[int, ...]
    params: tuple[int, ...]


class SegmentProgram:
    """The functions of a segment; other segments of the same form call them too.

    Forward returns beside its outputs all that backward needs: the tensors that a function inside
    of it, which computes the gradients, takes from around.

    Args:
        lowered: The graph that the segment is of.
        segment: The segment.
        slopes: What it is differentiated by.
        specs: `tf.TensorSpec` of each input, of the batch size and of the keys.
        batch: The batch size; None where it is open.
        bank: The parameters to trace with.
    """

    def __init__(
        self,
        lowered: Lowered,
        segment: Segment,
        slopes: Slopes,
        specs: Sequence[Any],
        batch: int | None,
        bank: Bank,
    ) -> None:
        self._lowered, self._segment, self._slopes = lowered, segment, slopes
        self._batch, self._count = batch, len(segment.outputs)
        self._drawing = drawing(segment.nodes)
        self._handles: list[int | None] = []
        self._rows: list[int | None] = []
        self._backward: Any = None
        self._slope_types: list[Any] = []
        self._forward = traced(self._body, specs, bank.variables)
        self._types = [tensor.dtype for tensor in self._forward.outputs]

    def forward(self, tensors: Sequence[Any], bank: Bank) -> tuple[list[Any], list[Any]]:
        """Returns the outputs, and what backward needs."""
        results = call(self._forward, [*tensors, *bank.handles], self._types)
        return results[: self._count], results[self._count :]

    def backward(
        self, gradients: Sequence[Any], kept: Sequence[Any], bank: Bank
    ) -> tuple[list[Any], list[Any]]:
        """Returns the gradients of inputs and of parameters, by the places of `Slopes`."""
        left = iter(kept)
        captured = [next(left) if h is None else bank.handles[h] for h in self._handles]
        parts = iter(call(self._backward, [*gradients, *captured], self._slope_types))
        inputs = [next(parts) for _ in self._slopes.inputs]
        params = [
            next(parts) if size is None else Rows(next(parts), next(parts), size)
            for size in self._rows
        ]
        return inputs, params

    def _body(self, tensors: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
        inputs = tensors[: len(self._segment.inputs)]
        if not self._slopes.outputs:
            return self._outputs(inputs, tensors, variables)
        watched = [inputs[place] for place in self._slopes.inputs]
        params = [variables[place] for place in self._slopes.params]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([*watched, *params])
            outputs = self._outputs(inputs, tensors, variables)
        ends = [outputs[place] for place in self._slopes.outputs]

        def gradients(given: Sequence[Any], _: Sequence[Any]) -> list[Any]:
            found = tape.gradient(
                ends,
                [*watched, *params],
                output_gradients=list(given),
                unconnected_gradients=tf.UnconnectedGradients.ZERO,
            )
            return [part for place, g in enumerate(found) for part in self._parts(place, g)]

        self._backward = traced(gradients, [tf.TensorSpec(y.shape, y.dtype) for y in ends], [])
        self._slope_types = [tensor.dtype for tensor in self._backward.outputs]
        captured = self._backward.captured_inputs
        places = {id(variable.handle): place for place, variable in enumerate(variables)}
        self._handles = [places.get(id(tensor)) for tensor in captured]
        kept = [t for t, h in zip(captured, self._handles, strict=True) if h is None]
        return [*outputs, *kept]

    def _outputs(
        self, inputs: Sequence[Any], tensors: Sequence[Any], variables: Sequence[Any]
    ) -> list[Any]:
        segment = self._segment
        held = Held(dict(zip(segment.params, variables, strict=True)), self._lowered.by_row)
        values = dict(zip(segment.inputs, inputs, strict=True))
        batch = tensors[-2] if self._batch is None else self._batch
        keys = tf.unstack(tensors[-1], len(self._drawing))
        named = dict(zip(self._drawing, keys, strict=True))
        self._lowered.walk.run(segment.nodes, values, held, batch, named)
        return [values[name] for name in segment.outputs]

    def _parts(self, place: int, gradient: Any) -> tuple[Any, ...]:
        """Returns the tensors of a gradient, and notes of which form it is."""
        if place < len(self._slopes.inputs):
            return (tf.convert_to_tensor(gradient),)
        name = self._segment.params[self._slopes.params[place - len(self._slopes.inputs)]]
        size = self._lowered.graph.parameters[name].shape[0] if gradient is not None else 0
        made = rows_of(gradient, size) if name in self._lowered.by_row else gradient
        if isinstance(made, Rows):
            self._rows.append(size)
            return made.ids, made.values
        self._rows.append(None)
        return (tf.convert_to_tensor(made),)
