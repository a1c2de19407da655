"""What an optimizer keeps beside a parameter: the forms of its slots."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.nn.shapes import Shape

SlotForm: TypeAlias = Literal["parameter", "copy", "count", "number"]
"""``parameter``: an array like the parameter, zeros at first. ``copy``: the same, at first a copy
of the parameter. ``count``: its updates (int64), 0 at first. ``number``: a float32, 0 at first.
"""


def like_parameter(form: SlotForm) -> bool:
    """Whether a slot has its parameter's shape and type; the others are one number."""
    return form in ("parameter", "copy")


def stored(form: SlotForm, shape: Shape, dtype: str) -> tuple[Shape, str]:
    """Returns shape and element type of a slot in a saved state.

    Args:
        form: The slot's form.
        shape: Shape of its parameter.
        dtype: The parameter's element type.
    """
    if form == "count":
        return (), "int64"
    return ((), "float32") if form == "number" else (shape, dtype)


def form_of(slot: Array, shape: Shape) -> SlotForm:
    """Returns a form that a saved slot may have been kept in, by its own shape and type alone.

    Args:
        slot: The slot.
        shape: Shape of its parameter.
    """
    if slot.shape == () and slot.dtype == np.int64:
        return "count"
    return "number" if slot.shape == () != shape and slot.dtype == np.float32 else "parameter"


def fresh(form: SlotForm, parameter: Array) -> Array:
    """Returns a slot as it begins."""
    if form == "copy":
        return np.array(parameter)
    if form == "parameter":
        return np.zeros(parameter.shape, parameter.dtype)
    return np.zeros((), np.int64 if form == "count" else np.float32)
