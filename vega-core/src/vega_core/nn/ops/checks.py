"""What operators take: how many inputs, of which element types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, show

FLOATS: Final = frozenset({"float16", "float32", "float64"})
UNSIGNED: Final = frozenset({"uint8", "uint16", "uint32", "uint64"})
INTEGERS: Final = UNSIGNED | {"int8", "int16", "int32", "int64"}
NUMBERS: Final = FLOATS | INTEGERS
SIGNED: Final = NUMBERS - UNSIGNED
BOOL: Final = frozenset({"bool"})
ANY: Final = NUMBERS | BOOL


def taken(
    op: Primitive, inputs: Sequence[TensorSpec], count: int, types: frozenset[str] = ANY
) -> Sequence[TensorSpec]:
    """Returns the inputs of an operator that takes ``count`` of them, of these element types.

    Raises:
        ShapeError: There are more or fewer, or one is of another type.
    """
    if len(inputs) != count:
        given = f"{len(inputs)}: {', '.join(map(str, inputs))}" if inputs else "none"
        wanted = "1 input" if count == 1 else f"{count} inputs"
        raise ShapeError(f"{type(op).__name__} takes {wanted}, and got {given}")
    for x in inputs:
        typed(op, x, types)
    return inputs


def typed(op: Primitive, x: TensorSpec, types: frozenset[str]) -> None:
    """Checks the element type of one input.

    Raises:
        ShapeError: It is none of ``types``.
    """
    if x.dtype not in types:
        known = ", ".join(sorted(types))
        raise ShapeError(f"{type(op).__name__} takes {known}, and got {x}; cast it")


def alike(op: Primitive, a: TensorSpec, b: TensorSpec) -> str:
    """Returns the element type that two inputs share.

    Raises:
        ShapeError: They differ.
    """
    if a.dtype != b.dtype:
        raise ShapeError(f"the element types of {type(op).__name__} differ: {a} and {b}")
    return a.dtype


def weighed(op: Primitive, inputs: Sequence[TensorSpec]) -> TensorSpec:
    """Returns the input of an operator that multiplies it with a weight; a second is the weight.

    Raises:
        ShapeError: There are none or more, or one is of another type.
    """
    taken(op, inputs, 2 if len(inputs) == 2 else 1, FLOATS)
    if len(inputs) == 2:
        alike(op, *inputs)
    return inputs[0]


def check_weight(inputs: Sequence[TensorSpec], shape: Shape) -> None:
    """Checks the shape of a weight that is an input, where it is one.

    Raises:
        ShapeError: It is another.
    """
    if len(inputs) == 2 and inputs[1].shape != shape:
        raise ShapeError(f"the weight must be {show(shape)}, and is {show(inputs[1].shape)}")


def weight_of(call: Call) -> Array:
    """Returns the weight that an operator is computed with."""
    return call.inputs[1] if len(call.inputs) == 2 else call.params["weight"]


def fits(value: float, dtype: str) -> bool:
    """Returns whether a number is one of an element type, for floats up to rounding."""
    if dtype in FLOATS:
        return True
    if dtype == "bool":
        return value in (0, 1)
    limits = np.iinfo(dtype)
    return limits.min <= value <= limits.max and float(value).is_integer()
