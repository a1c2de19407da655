"""Pooling."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.functional.sizes import Sizes, both_sides, each
from vega_core.nn.tensor import Tensor


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


def global_max_pool(x: Tensor) -> Tensor:
    """Returns the largest element over all spatial axes, as (N, C, 1, ...)."""
    return x.apply(ops.GlobalMaxPool())


def adaptive_average_pool(x: Tensor, size: Sizes) -> Tensor:
    """Returns the mean of windows of which ``size`` fit along each spatial axis."""
    return x.apply(ops.AdaptiveAveragePool(each(size, len(x.spatial))))


def adaptive_max_pool(x: Tensor, size: Sizes) -> Tensor:
    """Returns the largest element of windows of which ``size`` fit along each spatial axis."""
    return x.apply(ops.AdaptiveMaxPool(each(size, len(x.spatial))))
