"""Updates in groups of parameters that always have their gradients together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from vega_backend_tf.function import NOTHING, Bank, Function, Mode
from vega_backend_tf.optim import Update, squared
from vega_backend_tf.programs import Programs
from vega_backend_tf.sparse import Rows, parts_of
from vega_backend_tf.store import TensorFlowStore
from vega_core.backend import TrainSpec
from vega_core.nn import Graph


class Updates:
    """Applies gradients to a store, a group of parameters in one call.

    Args:
        graph: Knows the parameters' kinds.
        spec: The optimizer.
        store: Parameters and slots.
        programs: Keeps the functions; groups of equal shapes and rates share one.
        groups: Names of the parameters, each once.
    """

    def __init__(
        self,
        graph: Graph,
        spec: TrainSpec,
        store: TensorFlowStore,
        programs: Programs,
        groups: Sequence[Sequence[str]],
    ) -> None:
        self._update = Update(graph, spec, fused=True)
        self._spec, self._store, self._programs = spec, store, programs
        self._groups = groups
        self._made: dict[Hashable, Function] = {}
        self._mode: Mode = "eager" if programs.option == "eager" else "graph"
        self._banks: dict[tuple[str, ...], Bank] = {}

    def step(self, gradients: Mapping[str, Any], rates: Any) -> None:
        """Updates every parameter that has a gradient, and no other.

        Args:
            gradients: The gradients.
            rates: The controls of the optimizer.
        """
        groups = [tuple(n for n in group if n in gradients) for group in self._groups]
        parts = [{n: gradients[n] for n in group} for group in groups if group]
        square = None
        if self._update.clips and parts:
            squares = [self._called("square", part, [], NOTHING)[0] for part in parts]
            square = tf.add_n(squares)
        for part in parts:
            given = [rates] if square is None else [rates, square]
            self._called("update", part, given, self._bank(tuple(part)))

    def _called(
        self, what: str, gradients: Mapping[str, Any], more: Sequence[Any], bank: Bank
    ) -> Sequence[Any]:
        tensors = [t for gradient in gradients.values() for t in parts_of(gradient)]
        own = what, tuple((name, _length(gradient)) for name, gradient in gradients.items())
        if own not in self._made:

            def build() -> Function:
                body = self._update_of(gradients) if what == "update" else _square_of(gradients)
                specs = [tf.TensorSpec(t.shape, t.dtype) for t in (*tensors, *more)]
                return Function(body, specs, bank, self._mode)

            key = (what, self._key(gradients), self._mode, self._store.placement.device)
            self._made[own] = self._programs.get(key, build)
        return self._made[own]([*tensors, *more], bank)

    def _update_of(self, gradients: Mapping[str, Any]) -> Any:
        names, update = tuple(gradients), self._update
        slots = [(name, slot) for name in names for slot in update.slots]
        count = 2 if update.clips else 1

        def body(tensors: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
            given = _joined(gradients, tensors)
            params = dict(zip(names, variables, strict=False))
            kept = dict(zip(slots, variables[len(names) :], strict=True))
            update.step(params, kept, given, *tensors[-count:])
            return []

        return body

    def _key(self, gradients: Mapping[str, Any]) -> Hashable:
        """Returns what decides the function for gradients: not their names."""
        forms = tuple(
            (self._store.shapes[name], self._update.scales[name], _length(gradient))
            for name, gradient in gradients.items()
        )
        structure = {**self._spec.optimizer.structure(), "groups": None}
        return str(structure), self._update.clips, forms

    def _bank(self, names: tuple[str, ...]) -> Bank:
        if names not in self._banks:
            slots = self._spec.optimizer.slots.items()
            held = [self._store.slot(name, slot, form) for name in names for slot, form in slots]
            self._banks[names] = Bank.of([*map(self._store.variable, names), *held])
        return self._banks[names]


def _joined(like: Mapping[str, Any], tensors: Sequence[Any]) -> dict[str, Any]:
    """Returns gradients of the forms of others, made of their tensors."""
    left = iter(tensors)
    return {
        name: Rows(next(left), next(left), gradient.size)
        if isinstance(gradient, Rows)
        else next(left)
        for name, gradient in like.items()
    }


def _square_of(gradients: Mapping[str, Any]) -> Any:
    return lambda tensors, _: [squared(_joined(gradients, tensors))]


def _length(gradient: Any) -> int | None:
    return gradient.ids.shape[0] if isinstance(gradient, Rows) else None
