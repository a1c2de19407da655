"""What the reading of an operator sees of its node, and how it says what that becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.sizes import Whole
from vega_core.exchange.onnx.reading.values import Known, Value, known, numbers_of
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import Shape

_LARGEST = 2**62
"""Whole numbers beyond mean as far as there is."""


class Emitter(Protocol):
    """What adds operators to the graph."""

    def emit(
        self, name: str, op: Primitive, inputs: Sequence[Value], params: Mapping[str, Value]
    ) -> tuple[Value, ...]:
        """Adds an operator, or computes it where all is known."""

    def every_sample(self, value: Value, axis: int) -> Value:
        """Returns a value of size 1 along an axis as one of the batch's."""

    def dropout_rate(self, name: str, rate: float) -> Value:
        """Adds the control of a dropout."""


@dataclass(frozen=True)
class Site:
    """One node of an ONNX file.

    A reading is a function of it that returns what the outputs are, and emits operators of ours
    on the way:

        def swish(site):
            (x,) = site.values(1)
            return site.emit(ops.Mul(), x, site.emit(ops.Sigmoid(), x))

    Attributes:
        kind: ONNX's name of the operator.
        name: The node's name, or one that was made for it.
        opset: The version of ONNX's operators.
        inputs: The inputs; None for one that is left out.
        attributes: ONNX's messages by name.
        wanted: For each output whether anything reads it.
        batch: The size of the batch that the file was made for, where it says one.
        array: Reads an array that is an attribute.
        emitter: What adds to the graph.
    """

    kind: str
    name: str
    opset: int
    inputs: Sequence[Value | None]
    attributes: Mapping[str, Any]
    wanted: Sequence[bool]
    batch: int | None
    array: Callable[[Any], Array]
    element_type: Callable[[int], str]
    emitter: Emitter

    def emit(self, op: Primitive, *inputs: Value, **params: Value | None) -> Value:
        """Adds an operator of one output, or computes it where all of its inputs are known.

        Args:
            op: The operator.
            *inputs: What it reads.
            **params: What its parameters begin with, by role; those that are None are left out.
        """
        return self.emit_all(op, *inputs, **params)[0]

    def emit_all(self, op: Primitive, *inputs: Value, **params: Value | None) -> tuple[Value, ...]:
        """Adds an operator of several outputs; as `emit`."""
        given = {role: value for role, value in params.items() if value is not None}
        return self.emitter.emit(self.name, op, inputs, given)

    def values(self, count: int) -> Sequence[Value]:
        """Returns the first inputs, all of which must be there."""
        found = [value for value in self.inputs[:count] if value is not None]
        if len(found) < count:
            raise ModelError(f"{self.kind} takes {count} inputs, and has {len(found)}")
        return found

    def optional(self, place: int) -> Value | None:
        """Returns an input, or None where it is left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def numbers(self, place: int, what: str) -> Array | None:
        """Returns the numbers of an input, or None where it is left out.

        Raises:
            ModelError: They are computed while the model runs.
        """
        value = self.optional(place)
        return None if value is None else numbers_of(value, what)

    def scalar(self, place: int, what: str) -> Any:
        """Returns the one number of an input, or None where it is left out."""
        array = self.numbers(place, what)
        if array is None:
            return None
        if array.size != 1:
            raise ModelError(f"{what} is one number, and has the shape {array.shape}")
        return array.reshape(()).item()

    def axes(self, place: int, name: str = "axes") -> Shape | None:
        """Returns whole numbers that old versions have as an attribute, and new ones as an input.

        Args:
            place: Of the input.
            name: Of the attribute.
        """
        if name in self.attributes:
            return self.wholes(name)
        array = self.numbers(place, name)
        return None if array is None else whole_numbers(array, name)

    def whole(self, name: str, default: int | None = None) -> int:
        """Returns an attribute that is a whole number."""
        value = self._attribute(name, "i", default)
        return min(max(int(value), -_LARGEST), _LARGEST)

    def number(self, name: str, default: float) -> float:
        """Returns an attribute that is a number."""
        return float(self._attribute(name, "f", default))

    def text(self, name: str, default: str) -> str:
        """Returns an attribute that is a text."""
        value = self._attribute(name, "s", default)
        return value.decode() if isinstance(value, bytes) else str(value)

    def wholes(self, name: str) -> Shape | None:
        """Returns an attribute that is several whole numbers, or None where it is left out."""
        value = self._attribute(name, "ints", ())
        return tuple(map(int, value)) if name in self.attributes else None

    def alone(self, kept: int = 1) -> None:
        """Checks that nothing reads outputs that have no counterpart.

        Args:
            kept: How many of the first have one.
        """
        if any(self.wanted[kept:]):
            raise ModelError(f"{self.kind}: an output after the first {kept} is read")

    def refuse(self, name: str, value: Any) -> ModelError:
        """Returns the error about an attribute's value that has no counterpart."""
        return ModelError(f"{self.kind} with {name} {value!r} cannot be read")

    def constant(self, value: Any, dtype: str) -> Known:
        """Returns numbers as a value."""
        return known(np.asarray(value, dtype))

    def _attribute(self, name: str, kind: str, default: Any) -> Any:
        message = self.attributes.get(name)
        if message is None:
            if default is None:
                raise ModelError(f"{self.kind} needs the attribute {name!r}")
            return default
        types = {"i": 2, "f": 1, "s": 3, "ints": 7, "t": 4, "floats": 6}  # AttributeProto's
        if message.type != types[kind]:
            raise ModelError(f"{self.kind}: the attribute {name!r} is of another type")
        return getattr(message, kind)


Read: TypeAlias = Callable[[Site], "Value | tuple[Value, ...]"]
"""Reads an operator: from its node to what its outputs are."""
Readings: TypeAlias = Mapping[str, Read]
"""Reading by ONNX's name of the operator."""


def whole_numbers(array: Array, what: str) -> Shape:
    """Returns an array of integers as a tuple.

    Raises:
        ModelError: It is something else.
    """
    if array.dtype.kind not in "iu" or array.ndim > 1:
        raise ModelError(f"{what} are whole numbers, and got {array.dtype.name} {array.shape}")
    return tuple(int(one) for one in array.ravel())


def sizes_in(value: Value, what: str) -> list[Whole]:
    """Returns sizes of which some may be of the batch.

    Raises:
        ModelError: They are computed while the model runs.
    """
    if isinstance(value, Known) and value.symbolic and value.array.ndim <= 1:
        return list(value.array.ravel())
    return list(whole_numbers(numbers_of(value, what), what))
