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


def with_batch(shape: Iterable[int], size: int) -> Shape:
    """Returns the shape of arrays at a batch size: (-1, 3) at 2 is (2, 3)."""
    return tuple([d if d >= 0 else -d * size for d in shape])


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


def axes_of(axes: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
    """Returns several axes counted from the front, in the order given.

    Raises:
        ShapeError: The shape lacks one, or one is named twice.
    """
    found = tuple([axis_of(axis, shape) for axis in axes])
    if len(set(found)) != len(found):
        raise ShapeError(f"axes {tuple(axes)} of shape {show(shape)} name one twice")
    return found


def product(sizes: Sequence[int]) -> int:
    """Returns the size of several axes made one.

    Raises:
        ShapeError: The batch size is among them more than once.
    """
    if sum([size < 0 for size in sizes]) > 1:
        raise ShapeError(f"axes of {show(sizes)} hold the batch more than once; keep them apart")
    return math.prod(sizes)


def check_windows(
    spatial: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
) -> None:
    """Checks that the sizes of a window are as many as the spatial axes, and no nonsense.

    Raises:
        ShapeError: They are not.
    """
    rank = len(kernel)
    if len(spatial) != rank or not 1 <= rank <= 3:
        raise ShapeError(
            f"a window of {rank} axes {show(kernel)} on an input of {show(spatial)}: it needs as "
            "many, one to three"
        )
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
    check_windows(spatial, kernel, strides, pads, dilations)
    rank = len(kernel)
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
