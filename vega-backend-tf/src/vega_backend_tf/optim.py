"""Optimizers over a store: which parameters are updated, at which rates, and in which rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import tensorflow as tf

from vega_backend_tf.rules import KERNELS, RULES, Kernel, Rule, by_reference
from vega_backend_tf.sparse import Rows
from vega_core.backend import TrainSpec
from vega_core.backend.optimizer import scaled
from vega_core.backend.slots import like_parameter
from vega_core.nn import Graph

Gradients: TypeAlias = Mapping[str, Any]
"""Gradient by parameter: a tensor, or `Rows`."""


class Update:
    """An update rule for some parameters, as a part of functions of their variables and slots.

    Args:
        graph: Knows the parameters' kinds.
        spec: The optimizer, and its controls.
        fused: Whether TensorFlow's kernels are called, or their parts left to XLA.

    Attributes:
        slots: Names of a parameter's slots, in the order in which functions take them.
        rates: Names of the controls, in the order in which functions take them.
        scales: What multiplies the rate and the weight decay of each parameter.
        clips: Whether gradients are scaled down by their norm.
    """

    def __init__(self, graph: Graph, spec: TrainSpec, fused: bool) -> None:
        self._optimizer = optimizer = spec.optimizer
        self._rule: Rule = RULES.get(type(optimizer), by_reference)
        self._kernel: Kernel | None = KERNELS.get(type(optimizer)) if fused else None
        self.clips = spec.clip_norm is not None
        self.scales = {
            name: optimizer.scales(name, graph.parameters[name].kind)
            for name in spec.trained(graph)
        }
        self.slots = tuple(optimizer.slots)
        self.rates = tuple(spec.controls())

    def step(
        self,
        variables: Mapping[str, Any],
        slots: Mapping[tuple[str, str], Any],
        gradients: Gradients,
        rates: Any,
        square: Any = None,
    ) -> None:
        """Updates every parameter that has a gradient; of `Rows`, these alone.

        Args:
            variables: Variable by parameter.
            slots: Variable by parameter and slot.
            gradients: The gradients.
            rates: The controls: a vector of float64.
            square: Square of the norm of all gradients, where these are not all.
        """
        given = dict(zip(self.rates, tf.unstack(rates, len(self.rates)), strict=True))
        rows = {n: g.summed() for n, g in gradients.items() if isinstance(g, Rows)}
        whole = {n: g for n, g in gradients.items() if not isinstance(g, Rows)}
        scale = None
        if self.clips:
            norm = tf.sqrt(squared(gradients) if square is None else square)
            scale = tf.minimum(tf.ones((), tf.float64), given["clip_norm"] / (norm + 1e-6))
        for name, gradient in whole.items():
            kept = {slot: slots[name, slot] for slot in self.slots}
            self._whole(variables[name], _scaled(gradient, scale), kept, self._own(name, given))
        for name, (summed, _) in rows.items():
            kept = {slot: slots[name, slot] for slot in self.slots}
            values = _scaled(summed.values, scale)
            self._rows(variables[name], summed.ids, values, kept, self._own(name, given))

    def _own(self, name: str, rates: Mapping[str, Any]) -> Mapping[str, Any]:
        own: dict[str, Any] = scaled(rates, *self.scales[name])
        if not self.scales[name][1]:
            own["weight_decay"] = None  # so that nothing is computed for it
        return own

    def _whole(
        self, variable: Any, gradient: Any, slots: Mapping[str, Any], rates: Mapping[str, Any]
    ) -> None:
        if self._kernel is not None:
            self._kernel(self._optimizer, variable, gradient, slots, rates)
            return
        read = {slot: held.read_value() for slot, held in slots.items()}
        after, kept = self._rule(self._optimizer, variable.read_value(), gradient, read, rates)
        variable.assign(after)
        for slot, value in kept.items():
            slots[slot].assign(value)

    def _rows(
        self,
        variable: Any,
        ids: Any,
        gradient: Any,
        slots: Mapping[str, Any],
        rates: Mapping[str, Any],
    ) -> None:
        forms = self._optimizer.slots
        tables = {slot for slot in slots if like_parameter(forms[slot])}
        read = {
            slot: tf.gather(held, ids) if slot in tables else held.read_value()
            for slot, held in slots.items()
        }
        param = tf.gather(variable, ids)
        after, kept = self._rule(self._optimizer, param, gradient, read, rates)
        variable.scatter_update(tf.IndexedSlices(after, ids))
        for slot, value in kept.items():
            if slot in tables:
                slots[slot].scatter_update(tf.IndexedSlices(value, ids))
            else:
                slots[slot].assign(value)


def squared(gradients: Gradients) -> Any:
    """Returns the square of the norm of all gradients together, in float64."""
    tensors = [_once(*g.summed()) if isinstance(g, Rows) else g for g in gradients.values()]
    squares = [tf.cast(tf.reduce_sum(tf.square(tensor)), tf.float64) for tensor in tensors]
    return tf.add_n(squares) if squares else tf.zeros((), tf.float64)


def _once(summed: Rows, first: Any) -> Any:
    """Returns the gradients of rows, each row once; zeros at its other places."""
    shape = [-1] + [1] * (len(summed.values.shape) - 1)
    return summed.values * tf.cast(tf.reshape(first, shape), summed.values.dtype)


def _scaled(gradient: Any, scale: Any) -> Any:
    return gradient if scale is None else gradient * tf.cast(scale, gradient.dtype)
