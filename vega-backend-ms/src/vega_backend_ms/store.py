"""Parameters, statistics and slots as MindSpore's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import mindspore as ms
import numpy as np
from mindspore import ops

from vega_backend_ms.arrays import Tensor, take, to_numpy
from vega_core.arrays import Array
from vega_core.backend import Device, Gradients, Params, ParamStore, Snapshot, State
from vega_core.backend.slots import SlotForm, form_of, fresh, like_parameter
from vega_core.errors import ModelError, StateError
from vega_core.nn.shapes import Shape

Tensors: TypeAlias = Mapping[str, Tensor]
Slot: TypeAlias = "Tensor | Array"
"""A parameter, or for a slot that is one number an array of shape () on the host."""


@dataclass(frozen=True)
class MindSporeGradients(Gradients):
    """Gradients as tensors.

    Attributes:
        tensors: Gradient by parameter name.
        rows: Of tables that are updated row by row, the rows that were looked up, each any number
            of times.
    """

    tensors: Tensors
    rows: Tensors = field(default_factory=dict)

    @property
    def shapes(self) -> Mapping[str, Shape]:
        return {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}

    def __getitem__(self, name: str) -> Array:
        return to_numpy(self.tensors[name])

    def __add__(self, other: Gradients) -> MindSporeGradients:
        if not isinstance(other, MindSporeGradients):
            return NotImplemented
        summed, rows = dict(self.tensors), {**self.rows, **other.rows}
        for name, tensor in other.tensors.items():
            if name in summed:
                summed[name] = summed[name] + tensor
                if name in self.rows and name in other.rows:
                    rows[name] = ops.concat((self.rows[name], other.rows[name]))
                else:
                    rows.pop(name, None)
            else:
                summed[name] = tensor
        return MindSporeGradients(summed, rows)

    def __mul__(self, factor: float) -> MindSporeGradients:
        scaled = {name: tensor * factor for name, tensor in self.tensors.items()}
        return MindSporeGradients(scaled, self.rows)

    def of(self, names: frozenset[str]) -> MindSporeGradients:
        """Returns the gradients of some parameters."""
        kept = {name: tensor for name, tensor in self.tensors.items() if name in names}
        return MindSporeGradients(kept, self.rows)


@dataclass(frozen=True)
class MindSporeSnapshot(Snapshot):
    """Copies of a store's parameters and slots."""

    owner: MindSporeStore
    parameters: Tensors
    slots: Mapping[str, Slot]
    position: int


class MindSporeStore(ParamStore):
    """Parameters by name; executables hold the same ones, so all changes are in place.

    They are written by `mindspore.ops.assign` alone: compiled steps do not see what ``set_data``
    writes.

    Args:
        params: Parameters and statistics.
        device: Where they live.
    """

    def __init__(self, params: Params, device: Device) -> None:
        super().__init__()
        self.device = device
        self._tensors = {name: _parameter(array, name) for name, array in params.items()}
        self._shapes = {name: (array.shape, str(array.dtype)) for name, array in params.items()}
        self._slots: dict[str, Slot] = {}
        self._values: dict[str, Tensor] = {}

    @property
    def shapes(self) -> Mapping[str, tuple[Shape, str]]:
        return self._shapes

    def tensor(self, name: str) -> Tensor:
        """Returns the `mindspore.Parameter` of a parameter or statistic itself."""
        return self._tensors[name]

    def value(self, name: str) -> Tensor:
        """Returns a parameter as a tensor, as compiled code takes it; there is one until `touch`.

        Given the parameter itself, MindSpore would compile anew for every store.
        """
        if name not in self._values:
            self._values[name] = self._tensors[name].value()
        return self._values[name]

    def touch(self) -> None:
        """Notes that parameters or statistics have changed; called by executables."""
        self._values.clear()

    def slot(self, name: str, slot: str, form: SlotForm) -> Slot:
        """Returns a slot itself: a `mindspore.Parameter`, or an array on the host for a number.

        Raises:
            StateError: The slot was loaded in another form.
        """
        key = self._claim(name, slot, form)
        if key not in self._slots:
            self._slots[key] = (
                _parameter(self._begun(key), key) if like_parameter(form) else self._begun(key)
            )
        return self._slots[key]

    def snapshot(self) -> MindSporeSnapshot:
        parameters = {name: _copy(tensor) for name, tensor in self._tensors.items()}
        slots = {key: _copy(slot) for key, slot in self._slots.items()}
        return MindSporeSnapshot(self, parameters, slots, self._position)

    def restore(self, snapshot: Snapshot) -> None:
        if not isinstance(snapshot, MindSporeSnapshot):
            raise StateError(f"{type(snapshot).__name__} is no snapshot of this backend")
        if snapshot.owner is not self:
            raise StateError("the snapshot is of another store")
        self.touch()
        for name, tensor in self._tensors.items():
            write(tensor, snapshot.parameters[name])
        for key, slot in self._slots.items():
            if key in snapshot.slots:
                write(slot, snapshot.slots[key])
            else:
                self._begin(key)
        self._position = snapshot.position

    def _add(self, gradients: Gradients, scale: float) -> None:
        if not isinstance(gradients, MindSporeGradients):
            raise ModelError(f"{type(gradients).__name__} are no gradients of this backend")
        self.touch()
        for name, tensor in gradients.tensors.items():
            own = self._tensors[name]
            write(own, own + tensor * scale)

    def _copy(self, other: ParamStore, names: Mapping[str, str]) -> None:
        if not isinstance(other, MindSporeStore):
            raise StateError(f"{type(other).__name__} is no store of this backend")
        # Of one store a name may be read after it was written.
        read = {theirs: _copy(other.tensor(theirs)) for theirs in names.values()}
        self.touch()
        for own, theirs in names.items():
            write(self._tensors[own], read[theirs])
        for key, form in self._forms.items():
            if form == "copy" and key.rpartition("/")[0] in names:
                self._begin(key)

    def _read(self) -> tuple[Params, Params]:
        slots = {key: exported(slot) for key, slot in self._slots.items()}
        return {name: to_numpy(tensor) for name, tensor in self._tensors.items()}, slots

    def _write(self, state: State) -> None:
        self.touch()
        for name, array in state.parameters.items():
            write(self._tensors[name], take(array))
        for key, array in state.slots.items():
            name, _, slot = key.rpartition("/")
            form = self._forms.get(key) or form_of(array, self._shapes[name][0])
            write(self.slot(name, slot, form), take(array) if like_parameter(form) else array)
        for key in self._slots.keys() - state.slots.keys():
            self._begin(key)

    def _begin(self, key: str) -> None:
        """Sets a slot to what it begins with."""
        begun = self._begun(key)
        write(self._slots[key], take(begun) if like_parameter(self._forms[key]) else begun)

    def _begun(self, key: str) -> Array:
        return fresh(self._forms[key], to_numpy(self._tensors[key.rpartition("/")[0]]))


def write(target: Slot, value: Slot) -> None:
    """Gives a parameter, or a number on the host, another value in place."""
    if isinstance(target, np.ndarray):
        target[...] = value
    else:
        ops.assign(target, value)


def exported(slot: Slot) -> Array:
    """Returns a slot as an array of its own."""
    return slot.copy() if isinstance(slot, np.ndarray) else to_numpy(slot)


def _parameter(array: Array, name: str) -> Tensor:
    return ms.Parameter(take(array), name=name)


def _copy(slot: Slot) -> Slot:
    return slot.copy() if isinstance(slot, np.ndarray) else slot.value().copy()
