"""Pooling to a given size, and to one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import FLOATS, taken
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, show


@dataclass(frozen=True)
class GlobalAveragePool(Primitive):
    """ONNX GlobalAveragePool: the mean over all spatial axes, which stay with size 1."""

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = _pictures(self, inputs)
        return (TensorSpec((*x.shape[:2], *(1,) * (len(x.shape) - 2)), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        return (x.mean(tuple(range(2, x.ndim)), keepdims=True),)


@dataclass(frozen=True)
class GlobalMaxPool(Primitive):
    """ONNX GlobalMaxPool: the largest element over all spatial axes, which stay with size 1."""

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = _pictures(self, inputs)
        return (TensorSpec((*x.shape[:2], *(1,) * (len(x.shape) - 2)), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        return (x.max(tuple(range(2, x.ndim)), keepdims=True),)


@dataclass(frozen=True)
class AdaptiveAveragePool(Primitive):
    """The mean of windows that divide the input among a given number of places.

    Input (N, C, *spatial), output (N, C, *output_size). Along an axis window i of n reaches from
    ``floor(i * size / n)`` to before ``ceil((i + 1) * size / n)``, as PyTorch has it; ONNX has no
    such operator.

    Attributes:
        output_size: Number of windows along each spatial axis.
    """

    output_size: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        return _infer_adaptive(self, inputs)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (_adapted(call.inputs[0], self.output_size, np.mean),)


@dataclass(frozen=True)
class AdaptiveMaxPool(Primitive):
    """The largest element of windows as of `AdaptiveAveragePool`.

    Attributes:
        output_size: Number of windows along each spatial axis.
    """

    output_size: Shape

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        return _infer_adaptive(self, inputs)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (_adapted(call.inputs[0], self.output_size, np.max),)


def _pictures(op: Primitive, inputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec]:
    (x,) = taken(op, inputs, 1, FLOATS)
    if len(x.shape) < 3 or min(x.shape[2:]) < 1:
        raise ShapeError(f"a global pooling needs (N, C, spatial), and got {show(x.shape)}")
    return (x,)


def _infer_adaptive(
    op: AdaptiveAveragePool | AdaptiveMaxPool, inputs: tuple[TensorSpec, ...]
) -> tuple[TensorSpec, ...]:
    (x,) = _pictures(op, inputs)
    rank = len(op.output_size)
    if rank != len(x.shape) - 2 or rank > 3 or min(op.output_size) < 1:
        raise ShapeError(
            f"an adaptive pooling of {show(x.shape)} needs a positive size for each spatial axis, "
            f"of which it takes one to three, and got {op.output_size}"
        )
    return (TensorSpec((*x.shape[:2], *op.output_size), x.dtype),)


def _adapted(x: Array, sizes: Shape, pool: Callable[..., Any]) -> Array:
    for axis, count in enumerate(sizes, 2):
        size = x.shape[axis]
        edges = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
        parts = [pool(np.take(x, range(*edge), axis), axis, keepdims=True) for edge in edges]
        x = np.concatenate(parts, axis)
    return x
