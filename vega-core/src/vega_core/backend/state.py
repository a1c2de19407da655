"""Everything that training has made: named arrays, the same for every backend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.backend.slots import SlotForm, form_of, like_parameter, stored
from vega_core.errors import StateError, suggest
from vega_core.nn.shapes import Shape, show

Params: TypeAlias = Mapping[str, Array]


@dataclass(frozen=True)
class State:
    """What a store holds, as NumPy arrays in ONNX's and PyTorch's layouts.

    Attributes:
        parameters: Parameters and statistics by name; a graph's parameters say which is which.
        slots: Optimizer slots by ``<parameter>/<slot>``.
        position: Training steps done: every `train_step` and `apply` of every executable over the
            store counts one.
    """

    parameters: Params
    slots: Params = field(default_factory=dict)
    position: int = 0

    def to_arrays(self) -> dict[str, Array]:
        """Returns one flat dictionary, as a safetensors file takes it."""
        arrays = {f"parameters/{name}": array for name, array in self.parameters.items()}
        arrays |= {f"slots/{name}": array for name, array in self.slots.items()}
        return arrays | {"position": np.asarray(self.position, np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Params) -> State:
        """Returns the state that `to_arrays` flattened.

        Raises:
            StateError: An array belongs to no part of a state, or the position is missing or no
                whole number.
        """
        parts: dict[str, dict[str, Array]] = {"parameters": {}, "slots": {}}
        for key, array in arrays.items():
            part, _, name = key.partition("/")
            if part in parts and name:
                parts[part][name] = array
            elif key != "position":
                raise StateError(f"array {key!r} belongs to no part of a saved state")
        if "position" not in arrays:
            raise StateError("the saved state has no position")
        position = np.asarray(arrays["position"])
        if position.shape != () or position.dtype.kind not in "iu":
            raise StateError(f"the position of the saved state is {position!r}, no whole number")
        return cls(parts["parameters"], parts["slots"], int(position))


def check_state(
    state: State,
    parameters: Mapping[str, tuple[Shape, str]],
    slots: Mapping[str, SlotForm] | None = None,
) -> None:
    """Checks that a state fits a store, before any of it is loaded.

    Args:
        state: The state.
        parameters: Shape and element type of each parameter of the store.
        slots: Form of each slot that the store has already.

    Raises:
        StateError: Names every parameter that is missing, left over or of another shape or type,
            and every slot that belongs to no parameter, is of another form than the store's, or is
            neither a count nor of its parameter's shape and type.
    """
    faults = [
        *_parameter_faults(state.parameters, parameters),
        *_slot_faults(state.slots, parameters, slots or {}),
    ]
    if faults:
        shown = "; ".join(faults[:8])
        more = f"; and {len(faults) - 8} more" if len(faults) > 8 else ""
        raise StateError(f"the state does not fit the model: {shown}{more}")


def _parameter_faults(arrays: Params, expected: Mapping[str, tuple[Shape, str]]) -> Iterator[str]:
    for name in expected:
        if name not in arrays:
            yield f"{name!r} is missing{suggest(name, set(arrays) - set(expected))}"
    for name, array in arrays.items():
        if name not in expected:
            yield f"{name!r} is not in the model{suggest(name, set(expected) - set(arrays))}"
            continue
        shape, dtype = expected[name]
        if array.shape != shape:
            yield f"{name!r} is {show(array.shape)}, and {show(shape)} in the model"
        elif str(array.dtype) != dtype:
            yield f"{name!r} is {array.dtype}, and {dtype} in the model"


def _slot_faults(
    arrays: Params, expected: Mapping[str, tuple[Shape, str]], forms: Mapping[str, SlotForm]
) -> Iterator[str]:
    for key, array in arrays.items():
        name, _, slot = key.rpartition("/")
        if name not in expected or not slot:
            yield f"slot {key!r} belongs to no parameter of the model"
            continue
        shape, dtype = expected[name]
        form = forms.get(key, form_of(array, shape))
        wanted, wanted_type = stored(form, shape, dtype)
        if (array.shape, str(array.dtype)) != (wanted, wanted_type):
            other = (
                f"its parameter {show(wanted)} {dtype}"
                if like_parameter(form)
                else f"and a {form} in the store"
            )
            yield f"slot {key!r} is {show(array.shape)} {array.dtype}, {other}"
