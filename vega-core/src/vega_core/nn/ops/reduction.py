"""Reductions: one number for the elements along some axes."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import FLOATS, NUMBERS, taken
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, axis_of, show


@dataclass(frozen=True)
class Reduction(Primitive):
    """One number for all elements along some axes, of the input's element type.

    The axis of the batch may be one of them.

    Attributes:
        axes: The axes that are reduced; None is all.
        keepdims: Whether they stay, with size 1.
        types: The element types that it takes.
        of_nothing: Whether it has a value for no elements at all.
    """

    types: ClassVar[frozenset[str]] = FLOATS
    of_nothing: ClassVar[bool] = False

    axes: tuple[int, ...] | None = None
    keepdims: bool = True

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1, self.types)
        axes = self.places(x.shape)
        if not self.of_nothing and any(x.shape[axis] == 0 for axis in axes):
            raise ShapeError(f"{type(self).__name__} of no elements: axes {axes} of {x}")
        return (TensorSpec(reduced(x.shape, axes, self.keepdims), x.dtype),)

    def places(self, shape: Shape) -> tuple[int, ...]:
        """Returns the axes that are reduced, counted from the front, in order.

        Raises:
            ShapeError: There is no such axis, one comes twice, or none is named.
        """
        if self.axes is None:
            return tuple(range(len(shape)))
        axes = sorted({axis_of(axis, shape) for axis in self.axes})
        if len(axes) != len(self.axes) or not axes:
            raise ShapeError(f"axes {self.axes} of {show(shape)}: name each once, or None for all")
        return tuple(axes)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        with np.errstate(all="ignore"):
            return (np.asarray(self.compute(x, self.places(x.shape)), x.dtype),)

    @abstractmethod
    def compute(self, x: Array, axes: tuple[int, ...]) -> Any:
        """Returns the array or number over axes, which stay or not by ``keepdims``."""


@dataclass(frozen=True)
class ReduceSum(Reduction):
    """ONNX ReduceSum: the sum."""

    types = NUMBERS
    of_nothing = True

    def compute(self, x: Array, axes: tuple[int, ...]) -> Any:
        return np.sum(x, axes, keepdims=self.keepdims)


@dataclass(frozen=True)
class ReduceProd(Reduction):
    """ONNX ReduceProd: the product."""

    types = NUMBERS
    of_nothing = True

    def compute(self, x: Array, axes: tuple[int, ...]) -> Any:
        return np.prod(x, axes, keepdims=self.keepdims)


@dataclass(frozen=True)
class ReduceMean(Reduction):
    """ONNX ReduceMean: the mean."""

    def compute(self, x: Array, axes: tuple[int, ...]) -> Any:
        return np.mean(x, axes, keepdims=self.keepdims)


@dataclass(frozen=True)
class ReduceMax(Reduction):
    """ONNX ReduceMax: the largest; several that are equal share the gradient."""

    types = NUMBERS

    def compute(self, x: Array, axes: tuple[int, ...]) -> Any:
        return np.max(x, axes, keepdims=self.keepdims)


@dataclass(frozen=True)
class ReduceMin(Reduction):
    """ONNX ReduceMin: the smallest; several that are equal share the gradient."""

    types = NUMBERS

    def compute(self, x: Array, axes: tuple[int, ...]) -> Any:
        return np.min(x, axes, keepdims=self.keepdims)


@dataclass(frozen=True)
class ReduceStd(Reduction):
    """The standard deviation; its gradient where that is 0 is 0.

    Attributes:
        correction: What is taken off the number of elements before the division; 1 is unbiased
            for the variance.
    """

    correction: int = 1

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (result,) = super().infer(*inputs)
        (x,) = inputs
        count = math.prod(x.shape[axis] for axis in self.places(x.shape))
        if self.correction < 0 or 0 <= count <= self.correction:
            raise ShapeError(
                f"a standard deviation of {x} over {self.axes} with correction {self.correction}"
            )
        return (result,)

    def compute(self, x: Array, axes: tuple[int, ...]) -> Any:
        return np.std(x, axes, ddof=self.correction, keepdims=self.keepdims)


@dataclass(frozen=True)
class ReduceL2(Reduction):
    """ONNX ReduceL2: the square root of the sum of squares; its gradient where that is 0 is 0."""

    of_nothing = True

    def compute(self, x: Array, axes: tuple[int, ...]) -> Any:
        return np.sqrt(np.sum(np.square(x), axes, keepdims=self.keepdims))


@dataclass(frozen=True)
class ReduceLogSumExp(Reduction):
    """ONNX ReduceLogSumExp: the logarithm of the sum of exponentials, without overflow."""

    of_nothing = True

    def compute(self, x: Array, axes: tuple[int, ...]) -> Any:
        top = np.max(x, axes, keepdims=True, initial=-np.inf)
        top = np.where(np.isfinite(top), top, 0)
        result = np.log(np.sum(np.exp(x - top), axes, keepdims=True)) + top
        return result if self.keepdims else np.squeeze(result, axes)


def reduced(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """Returns a shape whose axes are reduced."""
    if keepdims:
        return tuple(1 if place in axes else size for place, size in enumerate(shape))
    return tuple(size for place, size in enumerate(shape) if place not in axes)
