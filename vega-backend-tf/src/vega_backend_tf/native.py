"""A graph as a `keras.Model` of its own, for code that knows nothing of Vega."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from vega_backend_tf.arrays import inverse, kernel_order, take
from vega_backend_tf.program import Lowered, batch_of
from vega_core.backend import Params
from vega_core.backend.batches import check_choices, resolve_controls
from vega_core.nn import Graph
from vega_core.nn.choices import candidates, specialised
from vega_core.nn.primitive import Mode
from vega_core.nn.serial import graph_from_dict, graph_to_dict

_INT32: Final = (-(2**31), 2**31 - 1)


@keras.saving.register_keras_serializable("vega")
class GraphModel(keras.Model):  # type: ignore[misc]
    """Runs a graph; weights have the graph's dotted names, shapes and order of axes.

    A call takes the graph's inputs by name, in order, or the only one by itself, and returns the
    output, or outputs by name where there are several. ``training`` chooses the mode, as
    everywhere; in training statistics move. Controls (rates, masks, choices) are the entries of
    ``controls``, with their defaults at first. Keras loads a file of it where this class is known:
    import this module first. A file that needs no Vega is what ``vega export --to keras`` writes.

    Args:
        graph: The graph.
        params: Every parameter and statistic by name; copied.

    Example:
        ```python
        model = backend.native(graph, params)
        model.controls["drop1.rate"] = 0.1
        scores = model(images, training=True)
        ```
    """

    def __init__(self, graph: Graph, params: Params) -> None:
        super().__init__(autocast=False)
        self._kept = _Kept(graph)
        for name, spec in graph.parameters.items():
            self._kept.weights[name] = self.add_weight(
                name=name,
                shape=spec.shape,
                dtype=spec.dtype,
                initializer=_given(np.array(params[name])),
                trainable=spec.trained,
            )
        self.built = True

    @property
    def controls(self) -> dict[str, Any]:
        """Value of each control by name, a number or an array; set an entry to change it."""
        return self._kept.controls

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Runs the graph; dropout draws from TensorFlow's own generator.

        Raises:
            TypeError: Inputs are missing, or left over.
            ModelError: A control does not exist, or has another shape or no such candidate.
        """
        return self._kept.run(inputs, "train" if training else "eval")

    def get_config(self) -> dict[str, Any]:
        """Returns the graph as plain data, as a saved model keeps it."""
        return {"graph": graph_to_dict(self._kept.graph)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> GraphModel:
        """Returns the model of a saved graph; its weights are loaded afterwards."""
        graph = graph_from_dict(config["graph"])
        return cls(graph, {n: np.zeros(s.shape, s.dtype) for n, s in graph.parameters.items()})


class _Kept:
    """What a model runs with, apart from it, so that Keras tracks nothing of it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.weights: dict[str, Any] = {}
        self.controls: dict[str, Any] = {n: one.default for n, one in graph.controls.items()}
        self._candidates = candidates(graph)
        self._lowered = lru_cache(maxsize=16)(self._lower)

    def run(self, inputs: Any, mode: Mode) -> Any:
        """Returns the output, or outputs by name."""
        found = resolve_controls(self.graph.controls, {}, self.controls, 0)
        check_choices(self._candidates, found)
        chosen = tuple((name, int(found.graph[name])) for name in self._candidates)
        lowered = self._lowered(mode, chosen)
        graph = lowered.graph
        values = self._inputs(inputs)
        batch = batch_of(graph.inputs, values)
        for name, control in graph.controls.items():
            values[name] = take(np.asarray(found.graph[name], control.dtype))
        keys = {name: tf.random.uniform((2,), *_INT32, tf.int32) for name in lowered.drawing}
        lowered.walk.run(graph.nodes, values, _Weights(self.weights), batch, keys)
        outputs = dict(zip(graph.outputs, lowered.outputs(values), strict=True))
        return outputs if len(outputs) > 1 else next(iter(outputs.values()))

    def _lower(self, mode: Mode, chosen: tuple[tuple[str, int], ...]) -> Lowered:
        graph = specialised(self.graph, dict(chosen)).in_mode(mode)
        moving = frozenset(n for n, s in graph.parameters.items() if s.kind == "statistic")
        return Lowered(graph, None, (), moving if mode == "train" else frozenset(), "graph")

    def _inputs(self, inputs: Any) -> dict[str, Any]:
        names = tuple(self.graph.inputs)
        if not isinstance(inputs, Mapping):
            listed = inputs if isinstance(inputs, (list, tuple)) else [inputs]
            inputs = dict(zip(names, listed, strict=False)) if len(listed) == len(names) else {}
        if set(inputs) != set(names):
            raise TypeError(f"the network takes {', '.join(names)}, and was given {list(inputs)}")
        specs = self.graph.inputs
        return {name: tf.convert_to_tensor(inputs[name], specs[name].dtype) for name in names}


class _Weights:
    """Weights of a model as a walk reads parameters."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        self._weights = weights

    def read(self, name: str) -> Any:
        value = tf.convert_to_tensor(self._weights[name])
        rank = len(value.shape)
        return tf.transpose(value, kernel_order(rank)) if rank > 2 else value

    def move(self, name: str, value: Any) -> None:
        rank = len(value.shape)
        self._weights[name].assign(
            tf.transpose(value, inverse(kernel_order(rank))) if rank > 2 else value
        )


def _given(array: Any) -> Any:
    return lambda shape, dtype: tf.constant(array, dtype, shape)
