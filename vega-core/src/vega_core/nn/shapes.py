"""Shapes of symbolic tensors: plain integers, with the batch size left open.

A negative dimension is a multiple of the batch size N: -1 is N, -4 is 4N. So sizes multiply
and divide as ordinary integers do, and an array of any batch size fits the same graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from vega_core.errors import ShapeError

Shape: TypeAlias = tuple[int, ...]

BATCH: Final = -1
"""The batch dimension of a symbolic shape."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Shape and element type of a tensor.

    Attributes:
        shape: Dimensions; ``BATCH`` (-1) stands for the batch size N, -k for k times N.
        dtype: NumPy's name of the element type.

    Example:
        >>> str(TensorSpec((BATCH, 3, 32, 32)))
        '(N, 3, 32, 32) float32'
    """

    shape: Shape
    dtype: str = "float32"

    @property
    def per_sample(self) -> int:
        """Number of elements at batch size 1."""
        return abs(math.prod(self.shape))

    def __str__(self) -> str:
        return f"{show(self.shape)} {self.dtype}"


def batched(shape: Iterable[int], dtype: str = "float32") -> TensorSpec:
    """Returns the specification of a batch whose samples have ``shape``."""
    return TensorSpec((BATCH, *shape), str(dtype))


def show(shape: Sequence[int]) -> str:
    """Returns a shape as people write it: ``(N, 16, 32, 32)``."""
    names = [str(d) if d >= 0 else "N" if d == BATCH else f"{-d}N" for d in shape]
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def broadcast(a: Sequence[int], b: Sequence[int]) -> Shape:
    """Returns the shape of ``a + b`` by NumPy's (and ONNX's) rule.

    Raises:
        ShapeError: Two dimensions differ and neither is 1.
    """
    rank = max(len(a), len(b))
    left, right = (1,) * (rank - len(a)) + tuple(a), (1,) * (rank - len(b)) + tuple(b)
    if any(m != n and m != 1 and n != 1 for m, n in zip(left, right, strict=True)):
        raise ShapeError(f"cannot broadcast {show(a)} with {show(b)}")
    return tuple(n if m == 1 else m for m, n in zip(left, right, strict=True))


def axis_of(axis: int, shape: Sequence[int]) -> int:
    """Returns a possibly negative axis counted from the front.

    Raises:
        ShapeError: The shape has no such axis.
    """
    if not -len(shape) <= axis < len(shape):
        raise ShapeError(f"axis {axis} is outside of shape {show(shape)}")
    return axis % len(shape)


def windows(
    spatial: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
    ceil_mode: bool = False,
) -> Shape:
    """Returns how many windows of a convolution or pooling fit along each spatial axis.

    Args:
        spatial: Input sizes, one an axis.
        kernel: Window sizes.
        strides: Steps between windows.
        pads: Padding, first all begins and then all ends (ONNX's order).
        dilations: Distances between a window's elements.
        ceil_mode: Whether a window may overhang the end, as long as it begins inside.

    Raises:
        ShapeError: A window is larger than the padded input, or the numbers of sizes differ.
    """
    rank = len(kernel)
    if len(spatial) != rank:
        raise ShapeError(f"a window of {rank} axes {show(kernel)} on an input of {show(spatial)}")
    if len(strides) != rank or len(dilations) != rank or len(pads) != 2 * rank:
        raise ShapeError(
            f"a window {show(kernel)} needs {rank} strides, {rank} dilations and {2 * rank} pads, "
            f"and got {show(strides)}, {show(dilations)} and {tuple(pads)}"
        )
    if min((*kernel, *strides, *dilations), default=1) < 1 or min(pads, default=0) < 0:
        raise ShapeError(
            f"kernel {show(kernel)}, strides {show(strides)} and dilations {show(dilations)} "
            f"must be positive, pads {tuple(pads)} not negative"
        )
    sizes = []
    for axis in range(rank):
        begin, end = pads[axis], pads[axis + rank]
        reach = dilations[axis] * (kernel[axis] - 1) + 1
        room = spatial[axis] + begin + end - reach
        if spatial[axis] < 1 or room < 0:
            raise ShapeError(
                f"a window of {show(kernel)} does not fit in {show(spatial)} "
                f"padded by {tuple(pads)}"
            )
        count = room // strides[axis] + 1
        overhangs = ceil_mode and room % strides[axis] > 0
        if overhangs and count * strides[axis] < spatial[axis] + begin:
            count += 1
        sizes.append(count)
    return tuple(sizes)
