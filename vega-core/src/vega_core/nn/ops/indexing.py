"""Operators that read and write by number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.initializers import Normal
from vega_core.nn.ops.checks import INTEGERS, NUMBERS, alike, taken, typed
from vega_core.nn.primitive import Call, ParameterSpec, Primitive
from vega_core.nn.shapes import TensorSpec, axis_of, show

Combination = Literal["none", "add", "mul", "max", "min"]

_COMBINED: Final[Mapping[str, Any]] = {
    "add": np.add,
    "mul": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
}


@dataclass(frozen=True)
class Embedding(Primitive):
    """A table of vectors that are looked up; ONNX knows it as Gather of a parameter.

    Input: integers of any shape (...), output (..., embedding_dim). Parameter: ``weight``
    (num_embeddings, embedding_dim), of which a training step changes only rows that were read.

    Attributes:
        num_embeddings: Number of vectors.
        embedding_dim: Length of each.
    """

    num_embeddings: int
    embedding_dim: int

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (indices,) = taken(self, inputs, 1, INTEGERS)
        if self.num_embeddings < 1 or self.embedding_dim < 1:
            raise ShapeError(
                f"an embedding of {self.num_embeddings} vectors of length {self.embedding_dim} "
                f"on {indices}: both are positive"
            )
        return (TensorSpec((*indices.shape, self.embedding_dim)),)

    def parameters(self, *_inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        shape = (self.num_embeddings, self.embedding_dim)
        return {"weight": ParameterSpec(shape, Normal(1.0), "embedding")}

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (np.asarray(call.params["weight"][call.inputs[0]]),)


@dataclass(frozen=True)
class Gather(Primitive):
    """ONNX Gather: slices of the first input along one axis, by number.

    Inputs: data of any type, and integers of any shape in [-size, size), where size is the data's
    along the axis; negative ones count from the end. In the output the integers' axes
    stand in place of the data's axis.

    Attributes:
        axis: The axis of the data.
    """

    axis: int = 0

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        data, indices = taken(self, inputs, 2)
        typed(self, indices, INTEGERS)
        axis = _filled(self.axis, data)
        shape = (*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :])
        return (TensorSpec(shape, data.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        data, indices = call.inputs
        return (np.asarray(np.take(data, indices, self.axis)),)


@dataclass(frozen=True)
class GatherElements(Primitive):
    """ONNX GatherElements: single elements along one axis, by number.

    Inputs: data of any type, and integers of its shape but for the axis, in [-size, size). Each
    element of the output is the data's at the same place with the integer for the axis.

    Attributes:
        axis: The axis along which elements are picked.
    """

    axis: int = 0

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        data, indices = taken(self, inputs, 2)
        _check_elements(self, data, indices, self.axis)
        return (TensorSpec(indices.shape, data.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        data, indices = call.inputs
        return (np.take_along_axis(data, indices, self.axis),)


@dataclass(frozen=True)
class ScatterElements(Primitive):
    """ONNX ScatterElements: the data with single elements written along one axis, by number.

    Inputs: data, integers of its shape but for the axis, in [-size, size), and updates of the
    integers' shape and the data's type. With ``none`` no two of them may name one element.

    Attributes:
        axis: The axis along which elements are named.
        reduction: How an update meets what is there: ``none`` takes its place; ``add``,
            ``mul``, ``max`` and ``min`` join it, also several at one element.
    """

    axis: int = 0
    reduction: Combination = "none"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        data, indices, updates = taken(self, inputs, 3)
        alike(self, data, updates)
        _check_elements(self, data, indices, self.axis)
        if updates.shape != indices.shape:
            raise ShapeError(f"updates {updates} are not as many as their places {indices}")
        if self.reduction != "none":
            typed(self, data, NUMBERS)
            if self.reduction not in _COMBINED:
                raise ShapeError(f"no way to join updates: {self.reduction!r}")
        return (data,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        data, indices, updates = call.inputs
        result = np.array(data)
        places: list[Array] = list(np.indices(indices.shape, sparse=True))
        places[self.axis] = indices
        if self.reduction == "none":
            result[tuple(places)] = updates
        else:
            _COMBINED[self.reduction].at(result, tuple(places), updates)
        return (result,)


def _check_elements(op: Primitive, data: TensorSpec, indices: TensorSpec, axis: int) -> None:
    typed(op, indices, INTEGERS)
    axis = _filled(axis, data)
    off_axis = (x.shape[:axis] + x.shape[axis + 1 :] for x in (data, indices))
    if len(indices.shape) != len(data.shape) or len(set(off_axis)) > 1:
        raise ShapeError(
            f"elements of {show(data.shape)} along axis {axis} are named by integers of its shape "
            f"but for that axis, and got {show(indices.shape)}"
        )


def _filled(axis: int, data: TensorSpec) -> int:
    """Returns an axis counted from the front, which must hold something to read or write."""
    axis = axis_of(axis, data.shape)
    if data.shape[axis] == 0:
        raise ShapeError(f"axis {axis} of {data} is empty")
    return axis
