"""Parameters, statistics and slots as PyTorch tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from vega_backend_torch.arrays import Placement, to_numpy
from vega_core.arrays import Array
from vega_core.backend import Gradients, Params, ParamStore, Snapshot, State
from vega_core.backend.slots import SlotForm, form_of, like_parameter
from vega_core.errors import ModelError, StateError
from vega_core.nn.shapes import Shape

Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class TorchGradients(Gradients):
    """Gradients as tensors.

    Attributes:
        tensors: Gradient by parameter name; sparse (COO) for a table that is updated row by row.
    """

    tensors: Tensors

    @property
    def shapes(self) -> Mapping[str, Shape]:
        return {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}

    def __getitem__(self, name: str) -> Array:
        return to_numpy(self.tensors[name])

    def __add__(self, other: Gradients) -> TorchGradients:
        if not isinstance(other, TorchGradients):
            return NotImplemented
        summed = dict(self.tensors)
        for name, tensor in other.tensors.items():
            summed[name] = _sum(summed[name], tensor) if name in summed else tensor
        return TorchGradients(summed)

    def __mul__(self, factor: float) -> TorchGradients:
        return TorchGradients({name: tensor * factor for name, tensor in self.tensors.items()})


@dataclass(frozen=True)
class TorchSnapshot(Snapshot):
    """Copies of a store's tensors."""

    owner: TorchStore
    parameters: Tensors
    slots: Tensors
    position: int


class TorchStore(ParamStore):
    """Tensors by name; executables hold the same tensors, so all changes are in place.

    Args:
        params: Parameters and statistics.
        placement: Where they live.
    """

    def __init__(self, params: Params, placement: Placement) -> None:
        super().__init__()
        self.placement = placement
        self._tensors = {name: self._taken(array).clone() for name, array in params.items()}
        self._shapes = {name: (array.shape, str(array.dtype)) for name, array in params.items()}
        self._slots: dict[str, torch.Tensor] = {}

    @property
    def shapes(self) -> Mapping[str, tuple[Shape, str]]:
        return self._shapes

    def tensor(self, name: str) -> torch.Tensor:
        """Returns the tensor of a parameter or statistic itself."""
        return self._tensors[name]

    def slot(self, name: str, slot: str, form: SlotForm) -> torch.Tensor:
        """Returns the tensor of a slot itself.

        A count is kept as float32, as PyTorch's fused optimizers want it, and exported as int64.

        Raises:
            StateError: The slot was loaded in another form.
        """
        key = self._claim(name, slot, form)
        if key not in self._slots:
            like = self._tensors[name]
            self._slots[key] = (
                torch.empty_like(like)
                if like_parameter(form)
                else torch.empty((), device=self.placement.device)
            )
            self._begin(key)
        return self._slots[key]

    def snapshot(self) -> TorchSnapshot:
        return TorchSnapshot(self, _copies(self._tensors), _copies(self._slots), self._position)

    def restore(self, snapshot: Snapshot) -> None:
        if not isinstance(snapshot, TorchSnapshot):
            raise StateError(f"{type(snapshot).__name__} is no snapshot of this backend")
        if snapshot.owner is not self:
            raise StateError("the snapshot is of another store")
        for name, tensor in self._tensors.items():
            tensor.copy_(snapshot.parameters[name])
        for key, tensor in self._slots.items():
            if key in snapshot.slots:
                tensor.copy_(snapshot.slots[key])
            else:
                self._begin(key)
        self._position = snapshot.position

    def _add(self, gradients: Gradients, scale: float) -> None:
        if not isinstance(gradients, TorchGradients):
            raise ModelError(f"{type(gradients).__name__} are no gradients of this backend")
        for name, tensor in gradients.tensors.items():
            self._tensors[name].add_(tensor, alpha=scale)

    def _copy(self, other: ParamStore, names: Mapping[str, str]) -> None:
        if not isinstance(other, TorchStore):
            raise StateError(f"{type(other).__name__} is no store of this backend")
        # Of one store a name may be read after it was written.
        read = {theirs: other.tensor(theirs) for theirs in names.values()}
        read = _copies(read) if other is self else read
        for own, theirs in names.items():
            self._tensors[own].copy_(read[theirs])
        for key, form in self._forms.items():
            if form == "copy" and key.rpartition("/")[0] in names:
                self._begin(key)

    def _read(self) -> tuple[Params, Params]:
        slots = {key: exported(self._forms[key], slot) for key, slot in self._slots.items()}
        return {name: to_numpy(tensor) for name, tensor in self._tensors.items()}, slots

    def _write(self, state: State) -> None:
        parameters = {name: self._taken(array) for name, array in state.parameters.items()}
        slots = {key: self._taken(array) for key, array in state.slots.items()}
        for name, tensor in parameters.items():
            self._tensors[name].copy_(tensor)
        for key, tensor in slots.items():
            name, _, slot = key.rpartition("/")
            form = self._forms.get(key) or form_of(state.slots[key], self._shapes[name][0])
            self.slot(name, slot, form).copy_(tensor)
        for key in self._slots.keys() - state.slots.keys():
            self._begin(key)

    def _begin(self, key: str) -> None:
        """Sets a slot to what it begins with."""
        if self._forms[key] == "copy":
            self._slots[key].copy_(self._tensors[key.rpartition("/")[0]])
        else:
            self._slots[key].zero_()

    def _taken(self, array: Array) -> torch.Tensor:
        return self.placement.take(np.asarray(array, order="C"))


def exported(form: SlotForm, slot: torch.Tensor) -> Array:
    """Returns a slot as an array of the element type that its form has outside of this backend."""
    return to_numpy(slot.long() if form == "count" else slot)


def _sum(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Returns the sum of two gradients, of which one may be sparse."""
    return other + one if one.is_sparse and not other.is_sparse else one + other


def _copies(tensors: Tensors) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in tensors.items()}
