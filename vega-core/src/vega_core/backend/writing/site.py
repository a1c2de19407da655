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
        inputs: Variable of each input, which holds a tensor.
        params: Variable of each parameter by role.
        specs: Specification of each input.
        moving: Roles of the statistics that move.
        key: Expression of the node's random key.
        overwrites: Whether the first input is a fresh array that nothing reads any more, a gradient
            neither, so that its memory may take the output.
        numbers: Expression of each input that is a control or constant of shape (), as a Python
            number; None of the others.
        by_row: Roles of the tables whose gradients are of the rows that are looked up alone.
    """

    inputs: Sequence[str]
    params: Mapping[str, str]
    specs: Sequence[TensorSpec]
    moving: frozenset[str]
    key: str
    overwrites: bool = False
    numbers: Sequence[str | None] = ()
    by_row: frozenset[str] = frozenset()

    @property
    def terms(self) -> list[str]:
        """Inputs of an infix operator: numbers where there are any, but at least one tensor."""
        numbers = [text if text is None else f"({text})" for text in self.numbers]
        if numbers and all(numbers):
            numbers[0] = None
        return [text or x for text, x in zip(numbers, self.inputs, strict=True)]

    @property
    def weight(self) -> str:
        """Variable of the weight: a parameter, or the second input where it is computed."""
        return self.params.get("weight") or self.inputs[1]

    def number(self, index: int) -> str:
        """Returns an input of shape () as a Python number, waiting for it where it is computed."""
        return self.numbers[index] or f"{self.inputs[index]}.item()"


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
