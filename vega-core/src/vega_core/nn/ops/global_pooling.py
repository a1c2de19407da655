"""Pooling to a given size, and to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import FLOATS, taken
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, show

Reduce: TypeAlias = Callable[..., Any]
"""Makes one element of those along axes, as `numpy.mean` does."""


@dataclass(frozen=True)
class GlobalPool(Primitive):
    """An operator that makes one element of all spatial axes, which stay with size 1."""

    pool: ClassVar[Reduce]

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = _pictures(self, inputs)
        return (TensorSpec((*x.shape[:2], *(1,) * (len(x.shape) - 2)), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        return (type(self).pool(x, tuple(range(2, x.ndim)), keepdims=True),)


@dataclass(frozen=True)
class GlobalAveragePool(GlobalPool):
    """ONNX GlobalAveragePool: the mean over all spatial axes, which stay with size 1."""

    pool: ClassVar[Reduce] = staticmethod(np.mean)


@dataclass(frozen=True)
class GlobalMaxPool(GlobalPool):
    """ONNX GlobalMaxPool: the largest element over all spatial axes, which stay with size 1."""

    pool: ClassVar[Reduce] = staticmethod(np.max)


@dataclass(frozen=True)
class AdaptivePool(Primitive):
    """An operator on windows that divide the input among a given number of places.

    Input (N, C, *spatial), output (N, C, *output_size). Along an axis window i of n reaches from
    ``floor(i * size / n)`` to before ``ceil((i + 1) * size / n)``, as PyTorch has it; ONNX has no
    such operator.

    Attributes:
        output_size: Number of windows along each spatial axis.
    """

    pool: ClassVar[Reduce]
    output_size: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = _pictures(self, inputs)
        rank = len(self.output_size)
        if rank != len(x.shape) - 2 or rank > 3 or min(self.output_size) < 1:
            raise ShapeError(
                f"an adaptive pooling of {show(x.shape)} needs a positive size for each spatial "
                f"axis, of which it takes one to three, and got {self.output_size}"
            )
        return (TensorSpec((*x.shape[:2], *self.output_size), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (_adapted(call.inputs[0], self.output_size, type(self).pool),)


@dataclass(frozen=True)
class AdaptiveAveragePool(AdaptivePool):
    """The mean of windows that divide the input among a given number of places; see `AdaptivePool`.

    Attributes:
        output_size: Number of windows along each spatial axis.
    """

    pool: ClassVar[Reduce] = staticmethod(np.mean)


@dataclass(frozen=True)
class AdaptiveMaxPool(AdaptivePool):
    """The largest element of windows as of `AdaptiveAveragePool`.

    Attributes:
        output_size: Number of windows along each spatial axis.
    """

    pool: ClassVar[Reduce] = staticmethod(np.max)


def _pictures(op: Primitive, inputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec]:
    (x,) = taken(op, inputs, 1, FLOATS)
    if len(x.shape) < 3 or min(x.shape[2:]) < 1:
        raise ShapeError(f"a global pooling needs (N, C, spatial), and got {show(x.shape)}")
    return (x,)


def _adapted(x: Array, sizes: Shape, pool: Reduce) -> Array:
    for axis, count in enumerate(sizes, 2):
        size = x.shape[axis]
        edges = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
        parts = [pool(np.take(x, range(*edge), axis), axis, keepdims=True) for edge in edges]
        x = np.concatenate(parts, axis)
    return x
