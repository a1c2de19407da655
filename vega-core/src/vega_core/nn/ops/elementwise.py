"""What operators on elements have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from vega_core.arrays import Array
from vega_core.nn.ops.checks import FLOATS, NUMBERS, alike, taken
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec, broadcast


class Unary(Primitive):
    """A function of the elements of one input; the output has its shape and element type.

    Attributes:
        types: The element types that it takes.
    """

    types: ClassVar[frozenset[str]] = FLOATS

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1, self.types)
        return (x,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        with np.errstate(all="ignore"):
            return (np.asarray(self.compute(x), x.dtype),)

    @abstractmethod
    def compute(self, x: Array) -> Array:
        """Returns the function of an array."""


class Binary(Primitive):
    """A function of the elements of two inputs of one element type, which broadcast.

    Attributes:
        types: The element types that it takes.
        result: The element type that it gives; None is the inputs'.
    """

    types: ClassVar[frozenset[str]] = NUMBERS
    result: ClassVar[str | None] = None

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        a, b = taken(self, inputs, 2, self.types)
        dtype = alike(self, a, b)
        shape = a.shape if a.shape == b.shape else broadcast(a.shape, b.shape)
        return (TensorSpec(shape, self.result or dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        with np.errstate(all="ignore"):
            return (np.asarray(self.compute(*call.inputs)),)

    @abstractmethod
    def compute(self, a: Array, b: Array) -> Array:
        """Returns the function of two arrays."""
