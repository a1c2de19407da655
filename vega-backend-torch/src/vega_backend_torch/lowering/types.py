"""PyTorch's element types."""

from __future__ import annotations

from typing import Final

from vega_core.errors import ModelError
from vega_core.nn.ops.checks import ANY
from vega_core.nn.shapes import TensorSpec

_NAMES: Final = {name: f"torch.{name}" for name in ANY}


def element_type(name: str) -> str:
    """Returns the source of an element type, which cannot do anything but be that type.

    Raises:
        ModelError: It is none.
    """
    if name not in _NAMES:
        raise ModelError(f"an attribute of an operator is no plain value: element type {name!r}")
    return _NAMES[name]


def kept(spec: TensorSpec) -> str:
    """Returns the argument by which PyTorch sums small integers as what they are, not as int64."""
    if spec.dtype.startswith("float"):
        return ""
    return f", dtype={element_type(spec.dtype)}"
