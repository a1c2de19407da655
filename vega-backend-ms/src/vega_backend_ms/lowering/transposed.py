"""Where along an axis the output of a transposed convolution lies, and what kernels make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vega_backend_ms.lowering.padding import padded
from vega_core.backend.writing import literals
from vega_core.nn import ops


@dataclass(frozen=True)
class Extent:
    """The output along one axis, counted in the array in which nothing is cut or added.

    Attributes:
        reach: Distance between a window's first and last element.
        full: Size of the whole array, beyond which all is 0.
        begin: Where the output begins.
        size: Its size.
        stride: Distance between windows.
    """

    reach: int
    full: int
    begin: int
    size: int
    stride: int

    @property
    def pads(self) -> tuple[int, int]:
        """What a kernel may cut at both ends: no more than a window reaches."""
        after = self.full - self.begin - self.size
        return min(self.begin, self.reach), min(max(after, 0), self.reach)

    @property
    def made(self) -> int:
        """Size of what a kernel makes with these pads; it adds less than a stride."""
        added = min(max(self.begin + self.size - self.full, 0), self.stride - 1)
        return self.full - sum(self.pads) + added


def extents(op: ops.ConvTranspose, spatial: Sequence[int], sizes: Sequence[int]) -> list[Extent]:
    """Returns the output along each axis.

    Args:
        op: The operator.
        spatial: Sizes of the input.
        sizes: Sizes of the output.
    """
    made = []
    for axis, (old, size) in enumerate(zip(spatial, sizes, strict=True)):
        reach, stride = op.dilations[axis] * (op.kernel_shape[axis] - 1), op.strides[axis]
        full = stride * (old - 1) + reach + 1
        made.append(Extent(reach, full, op.pads[axis], size, stride))
    return made


def bordered(y: str, parts: Sequence[Extent], begins: Sequence[int], sizes: Sequence[int]) -> str:
    """Returns the output's part of an array, and zeros where it goes beyond.

    Args:
        y: The array, (N, C, *spatial).
        parts: The output along each spatial axis.
        begins: Where the array begins along each.
        sizes: The array's size along each.
    """
    beyond = [0] * len(parts)
    for place, (part, begin, size) in enumerate(zip(parts, begins, sizes, strict=True)):
        skipped = part.begin - begin
        kept = min(part.size, size - skipped)
        if skipped or kept < size:
            y = f"cut({y}, {literals(place + 2, skipped, kept)})"
        beyond[place] = part.size - kept
    return padded(y, (*(0,) * len(parts), *beyond))
