"""Numbers that are part of the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from typing_extensions import Self

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import ANY, FLOATS, fits, taken
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec
from vega_core.nn.values import coerced, native

Numbers: TypeAlias = bool | int | float | tuple[Any, ...]
"""A number, or an array as nested tuples."""


@dataclass(frozen=True)
class Constant(Primitive):
    """ONNX Constant: a number, of shape (), or an array.

    No input. Large arrays are better parameters (of kind ``constant``), which are no part of the
    generated code.

    Attributes:
        value: The number, or nested tuples of numbers.
        dtype: Its element type.
    """

    value: Numbers
    dtype: str = "float32"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        taken(self, inputs, 0)
        if self.dtype not in ANY:
            raise ShapeError(f"{self.dtype!r} is no element type: {', '.join(sorted(ANY))}")
        shape = _shape(self.value)
        for number in _numbers(self.value):
            if not fits(number, self.dtype):
                raise ShapeError(f"the constant {number} is no {self.dtype}")
        return (TensorSpec(shape, self.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.asarray(self.value, self.dtype),)

    def plain(self) -> Self:
        return self.from_attributes(self.attributes())

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """Builds the operator; equal constants become of one form, whole floats and true as well.

        Raises:
            ModelError: An attribute is unknown or missing, or a number not of the element type.
        """
        op = super().from_attributes(attributes)
        if op.dtype in ANY:
            kind = float if op.dtype in FLOATS else bool if op.dtype == "bool" else int
            op = cls(_of_kind(op.value, kind), op.dtype)
        return op


def numbers(value: Any) -> Numbers:
    """Returns a number as it is, and an array or lists as nested tuples."""
    value = native(value)
    return tuple(map(numbers, value)) if isinstance(value, (list, tuple)) else value


def _of_kind(value: Any, kind: type[float | int | bool]) -> Any:
    if isinstance(value, tuple):
        return tuple(_of_kind(item, kind) for item in value)
    return coerced(value, kind, "Constant.value")


def _shape(value: Numbers) -> Shape:
    """Returns the shape of nested tuples.

    Raises:
        ShapeError: They are not of one length.
    """
    if not isinstance(value, tuple):
        return ()
    shapes = {_shape(item) for item in value}
    if len(shapes) > 1:
        raise ShapeError(f"the rows of a constant have different shapes: {sorted(shapes)}")
    return (len(value), *(shapes.pop() if shapes else ()))


def _numbers(value: Numbers) -> Iterator[float]:
    if not isinstance(value, tuple):
        yield value
        return
    for item in value:
        yield from _numbers(item)
