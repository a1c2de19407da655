"""What a lowering sees of a node, and how it writes values into code."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from vega_core.errors import ModelError
from vega_core.nn.shapes import TensorSpec


@dataclass(frozen=True)
class Site:
    """One node, as its lowering sees it.

    Attributes:
        inputs: Variable of each input; a control's holds a Python number.
        params: Variable of each parameter by role.
        specs: Specification of each input.
        moving: Roles of the statistics that move.
        key: Expression of the node's random key.
        overwrites: Whether the first input is a fresh array that nothing reads any more, a gradient
            neither, so that its memory may take the output.
    """

    inputs: Sequence[str]
    params: Mapping[str, str]
    specs: Sequence[TensorSpec]
    moving: frozenset[str]
    key: str
    overwrites: bool = False


Lowering: TypeAlias = Callable[[Any, Site], str]


def literal(value: Any) -> str:
    """Returns the source of a plain value, which cannot do anything but be that value.

    Raises:
        ModelError: It is no number, text or None, nor a tuple of such.
    """
    if type(value) is tuple:
        return f"({''.join(f'{literal(item)}, ' for item in value)})"
    if type(value) is float and not math.isfinite(value):
        return {math.inf: "math.inf", -math.inf: "-math.inf"}.get(value, "math.nan")
    if value is None or type(value) in (int, float, bool, str):
        return repr(value)
    raise ModelError(f"an attribute of an operator is no plain value: {value!r}")


def literals(*values: Any) -> str:
    """Returns the source of plain values as arguments of a call."""
    return ", ".join(map(literal, values))
