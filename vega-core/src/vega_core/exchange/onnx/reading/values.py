"""What a name of an ONNX file stands for while it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import TensorSpec


@dataclass(frozen=True)
class Computed:
    """What the graph computes.

    Attributes:
        name: The value's name in the graph.
        spec: Its shape and element type.
    """

    name: str
    spec: TensorSpec


@dataclass(frozen=True)
class Known:
    """Numbers that are known when the file is read; some may be multiples of the batch size.

    Attributes:
        array: The numbers; of objects where some are `vega_core.exchange.onnx.reading.sizes.Size`.
        dtype: The element type.
    """

    array: Array
    dtype: str

    @property
    def symbolic(self) -> bool:
        """Whether the batch size is in it."""
        return self.array.dtype == object

    @property
    def spec(self) -> TensorSpec:
        """Shape and element type."""
        return TensorSpec(self.array.shape, self.dtype)


@dataclass(frozen=True)
class Weight:
    """An array of the file that is a parameter of the network.

    Attributes:
        name: The parameter's name.
        load: Reads the array as it is in the file.
        stored: Its shape and element type there.
        single: Whether all that read it read it in one way, so that it may be laid out for them.
        layout: What has been done to the array since; the parameter begins with all of it.
        spec: Shape and element type after that.
    """

    name: str
    load: Callable[[], Array] = field(compare=False, repr=False)
    stored: TensorSpec
    single: bool
    spec: TensorSpec
    layout: tuple[Primitive, ...] = ()

    def moved(self, op: Primitive) -> Weight:
        """Returns the weight laid out otherwise."""
        (spec,) = op.infer(self.spec)
        return replace(self, spec=spec, layout=(*self.layout, op))

    def array(self) -> Array:
        """Returns the array as the parameter begins; a copy."""
        array = self.load()
        for op in self.layout:
            (array,) = op.reference(Call((array,), {}))
        return np.array(array)


Value: TypeAlias = Computed | Known | Weight


def known(array: Array) -> Known:
    """Returns numbers as a value."""
    return Known(array, array.dtype.name)


def of_file(value: Value | None, what: str) -> Known | Weight:
    """Returns a value that is an array of the file.

    Raises:
        ModelError: It is not.
    """
    if value is None or isinstance(value, Computed):
        raise ModelError(f"its {what} is computed, where an array of the file is needed")
    return value


def numbers_of(value: Value | None, what: str) -> Array:
    """Returns the numbers of a value; an array that says how to compute is no parameter.

    Raises:
        ModelError: It is computed while the model runs, or holds the batch size.
    """
    if isinstance(value, Weight):
        return value.array()
    if not isinstance(value, Known) or value.symbolic:
        raise ModelError(f"{what} must be known when the file is read, and is computed")
    return value.array
