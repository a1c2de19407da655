"""MindSpore's element types, and numbers of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from vega_core.backend.writing import literal
from vega_core.errors import ModelError
from vega_core.nn.ops.checks import ANY

_NAMES: Final = {name: f"ms.{name}_" if name == "bool" else f"ms.{name}" for name in ANY}

BESIDE_NUMBERS: Final = frozenset(
    {"float16", "float32", "int8", "int16", "int32", "int64", "uint8", "bool"}
)
"""Element types that an array keeps beside a Python number, which MindSpore holds in 32 bits."""


def element_type(name: str) -> str:
    """Returns the source of an element type, which cannot do anything but be that type.

    Raises:
        ModelError: It is none.
    """
    if name not in _NAMES:
        raise ModelError(f"an attribute of an operator is no plain value: element type {name!r}")
    return _NAMES[name]


def scalar(value: float, dtype: str) -> str:
    """Returns the source of a number that meets an array, without a loss of digits."""
    text = literal(value)
    if dtype in BESIDE_NUMBERS or (dtype == "float64" and float(np.float32(value)) == value):
        return text
    return f"ms.Tensor({text}, {element_type(dtype)})"
