"""Functions on symbolic tensors, for what has no parameters."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from operator import index
from typing import TypeAlias

from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.shapes import Shape
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current

Sizes: TypeAlias = int | Sequence[int]


def each(value: Sizes, rank: int) -> Shape:
    """Returns one size an axis: a single number goes to all.

    Raises:
        ShapeError: There are several numbers, and not as many as axes.
    """
    if not isinstance(value, Sized):
        return (index(value),) * rank
    if len(value) != rank:
        raise ShapeError(f"{len(value)} sizes {tuple(value)} for {rank} spatial axes")
    return tuple(map(index, value))


def both_sides(padding: Sizes, rank: int) -> Shape:
    """Returns ONNX's pads (begins, ends) of one number, one an axis, or one a side.

    Raises:
        ShapeError: There are several numbers, and neither as many as axes nor as sides.
    """
    if isinstance(padding, Sized) and len(padding) == 2 * rank:
        return tuple(map(index, padding))
    return each(padding, rank) * 2


def relu(x: Tensor) -> Tensor:
    """Returns max(x, 0)."""
    return x.apply(ops.Relu())


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Returns the softmax along ``axis``."""
    return x.apply(ops.Softmax(axis))


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Returns the logarithm of the softmax along ``axis``."""
    return x.apply(ops.LogSoftmax(axis))


def identity(x: Tensor) -> Tensor:
    """Returns x as a node of its own."""
    return x.apply(ops.Identity())


def max_pool(
    x: Tensor,
    kernel: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Returns the largest element of each window of (N, C, *spatial).

    Args:
        x: The input.
        kernel: Window size: one number or one an axis.
        stride: Step between windows; the window size by default.
        padding: One number, one an axis, or all begins and then all ends.
        dilation: Distance between a window's elements.
        ceil_mode: Whether a window may overhang the end.
    """
    rank = len(x.spatial)
    sizes = each(kernel, rank)
    strides = sizes if stride is None else each(stride, rank)
    pads = both_sides(padding, rank)
    return x.apply(ops.MaxPool(sizes, strides, pads, each(dilation, rank), ceil_mode))


def average_pool(
    x: Tensor,
    kernel: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> Tensor:
    """Returns the mean of each window of (N, C, *spatial); arguments as of `max_pool`.

    Args:
        x: The input.
        kernel: Window size: one number or one an axis.
        stride: Step between windows; the window size by default.
        padding: One number, one an axis, or all begins and then all ends.
        ceil_mode: Whether a window may overhang the end.
        count_include_pad: Whether padding counts as zeros (PyTorch's default; ONNX's is not).
    """
    rank = len(x.spatial)
    sizes = each(kernel, rank)
    strides = sizes if stride is None else each(stride, rank)
    pads = both_sides(padding, rank)
    return x.apply(ops.AveragePool(sizes, strides, pads, ceil_mode, count_include_pad))


def global_average_pool(x: Tensor) -> Tensor:
    """Returns the mean over all spatial axes, as (N, C, 1, ...)."""
    return x.apply(ops.GlobalAveragePool())


def flatten(x: Tensor, axis: int = 1) -> Tensor:
    """Returns two axes: those before ``axis`` multiplied, and the rest."""
    return x.apply(ops.Flatten(axis))


def reshape(x: Tensor, *shape: int) -> Tensor:
    """Returns the same elements in another shape; 0 copies a dimension, one -1 takes the rest."""
    return x.apply(ops.Reshape(shape))


def concat(tensors: Sequence[Tensor], axis: int = 1) -> Tensor:
    """Returns tensors one after another along ``axis``."""
    return tensors[0].apply(ops.Concat(axis), *tensors[1:])


def pad(x: Tensor, pads: Sequence[int], value: float = 0.0) -> Tensor:
    """Returns x with ``value`` around it; ``pads`` has all begins and then all ends."""
    return x.apply(ops.Pad(tuple(pads), value))


def control(name: str, default: float) -> Tensor:
    """Returns a number that is given anew at each step: a rate, a weight, a temperature.

    It has the shape (). Its full name is ``<module path>.<name>``; changing it compiles nothing.

    Args:
        name: Name inside the calling module.
        default: What holds where a step does not give it.
    """
    return current().control(name, default)
