"""Parameters, statistics and slots as TensorFlow variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from vega_backend_tf.arrays import Placement, from_store, graph_shape, to_store
from vega_backend_tf.sparse import Rows, added
from vega_core.arrays import Array
from vega_core.backend import Gradients, Params, ParamStore, Snapshot, State
from vega_core.backend.slots import SlotForm, form_of, fresh, like_parameter
from vega_core.errors import ModelError, StateError
from vega_core.nn.shapes import Shape

Tensors = Mapping[str, Any]


@dataclass(frozen=True)
class TensorFlowGradients(Gradients):
    """Gradients as tensors, with their axes in a store's order.

    Attributes:
        tensors: Gradient by parameter name; `Rows` for a table that is updated row by row.
    """

    tensors: Tensors

    @property
    def shapes(self) -> Mapping[str, Shape]:
        return {
            name: gradient.shape
            if isinstance(gradient, Rows)
            else graph_shape(tuple(gradient.shape))
            for name, gradient in self.tensors.items()
        }

    def __getitem__(self, name: str) -> Array:
        gradient = self.tensors[name]
        return from_store(gradient.dense() if isinstance(gradient, Rows) else gradient)

    def __add__(self, other: Gradients) -> TensorFlowGradients:
        if not isinstance(other, TensorFlowGradients):
            return NotImplemented
        summed = dict(self.tensors)
        for name, tensor in other.tensors.items():
            summed[name] = added(summed[name], tensor) if name in summed else tensor
        return TensorFlowGradients(summed)

    def __mul__(self, factor: float) -> TensorFlowGradients:
        return TensorFlowGradients({name: tensor * factor for name, tensor in self.tensors.items()})


@dataclass(frozen=True)
class TensorFlowSnapshot(Snapshot):
    """Copies of a store's tensors."""

    owner: TensorFlowStore
    parameters: Tensors
    slots: Tensors
    position: int


class TensorFlowStore(ParamStore):
    """Variables by name, with kernels in the order of TensorFlow's convolutions.

    Args:
        params: Parameters and statistics.
        placement: Where they live.
    """

    def __init__(self, params: Params, placement: Placement) -> None:
        super().__init__()
        self.placement = placement
        arrays = {name: np.asarray(array) for name, array in params.items()}
        self._shapes = {name: (array.shape, str(array.dtype)) for name, array in arrays.items()}
        self._variables = {name: self._held(to_store(array)) for name, array in arrays.items()}
        self._slots: dict[str, Any] = {}

    @property
    def shapes(self) -> Mapping[str, tuple[Shape, str]]:
        return self._shapes

    def variable(self, name: str) -> Any:
        """Returns the variable of a parameter or statistic itself."""
        return self._variables[name]

    def slot(self, name: str, slot: str, form: SlotForm) -> Any:
        """Returns the variable of a slot itself.

        Raises:
            StateError: The slot was loaded in another form.
        """
        key = self._claim(name, slot, form)
        if key not in self._slots:
            self._slots[key] = self._held(self._fresh(key))
        return self._slots[key]

    def snapshot(self) -> TensorFlowSnapshot:
        parameters, slots = _copies(self._variables), _copies(self._slots)
        return TensorFlowSnapshot(self, parameters, slots, self._position)

    def restore(self, snapshot: Snapshot) -> None:
        if not isinstance(snapshot, TensorFlowSnapshot):
            raise StateError(f"{type(snapshot).__name__} is no snapshot of this backend")
        if snapshot.owner is not self:
            raise StateError("the snapshot is of another store")
        for name, variable in self._variables.items():
            variable.assign(snapshot.parameters[name])
        for key, variable in self._slots.items():
            kept = snapshot.slots.get(key)
            variable.assign(self._fresh(key) if kept is None else kept)
        self._position = snapshot.position

    def _add(self, gradients: Gradients, scale: float) -> None:
        if not isinstance(gradients, TensorFlowGradients):
            raise ModelError(f"{type(gradients).__name__} are no gradients of this backend")
        for name, gradient in gradients.tensors.items():
            if isinstance(gradient, Rows):
                update = tf.IndexedSlices(gradient.values * scale, gradient.ids)
                self._variables[name].scatter_add(update)
            else:
                self._variables[name].assign_add(gradient * scale)

    def _copy(self, other: ParamStore, names: Mapping[str, str]) -> None:
        if not isinstance(other, TensorFlowStore):
            raise StateError(f"{type(other).__name__} is no store of this backend")
        copied = {own: other.variable(theirs).read_value() for own, theirs in names.items()}
        for own, value in copied.items():
            self._variables[own].assign(value)
        for key, form in self._forms.items():
            if form == "copy" and key.rpartition("/")[0] in names and key in self._slots:
                self._slots[key].assign(self._fresh(key))

    def _read(self) -> tuple[Params, Params]:
        slots = {key: from_store(variable) for key, variable in self._slots.items()}
        return {name: from_store(variable) for name, variable in self._variables.items()}, slots

    def _write(self, state: State) -> None:
        for name, array in state.parameters.items():
            self._variables[name].assign(to_store(np.asarray(array)))
        for key, array in state.slots.items():
            name, _, slot = key.rpartition("/")
            form = self._forms.get(key) or form_of(array, self._shapes[name][0])
            self.slot(name, slot, form).assign(to_store(np.asarray(array)))
        for key in self._slots.keys() - state.slots.keys():
            self._slots[key].assign(self._fresh(key))

    def _fresh(self, key: str) -> Any:
        """Returns what a slot begins with."""
        variable, form = self._variables[key.rpartition("/")[0]], self._forms[key]
        if not like_parameter(form):
            return fresh(form, np.zeros(()))
        return variable.read_value() if form == "copy" else tf.zeros_like(variable)

    def _held(self, value: Any) -> Any:
        with self.placement.scope():
            return tf.Variable(value)


def _copies(variables: Tensors) -> dict[str, Any]:
    # Updates copy an array that something else holds, so that these stay as they are.
    return {name: variable.read_value() for name, variable in variables.items()}
