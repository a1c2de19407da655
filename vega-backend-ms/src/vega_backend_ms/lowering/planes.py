"""Windows over one to three axes, two at a time: MindSpore pools well over two axes alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from vega_backend_ms.lowering.padding import padded
from vega_core.backend.writing import literal
from vega_core.nn import ops
from vega_core.nn.shapes import Shape, windows


@dataclass(frozen=True)
class Axis:
    """Windows along one axis.

    Attributes:
        size: Number of elements.
        count: Number of windows.
        kernel: Elements of a window.
        stride: Distance between windows.
        begin: Padding before.
        end: Padding after.
        overhang: What the last window needs after that.
        dilation: Distance between a window's elements.
    """

    size: int
    count: int
    kernel: int = 1
    stride: int = 1
    begin: int = 0
    end: int = 0
    overhang: int = 0
    dilation: int = 1

    @property
    def same(self) -> bool:
        """Whether all that lies around is what MindSpore's mode ``same`` puts there."""
        need = max((-(-self.size // self.stride) - 1) * self.stride + self.kernel - self.size, 0)
        return not self.overhang and (self.begin, self.end) == (need // 2, need - need // 2)


Plane: TypeAlias = tuple[Axis, Axis]
Pool: TypeAlias = Callable[[str, Plane], str]
"""Returns the expression that pools an array (N, C, height, width) over two axes."""

_WHOLE: Final = Axis(1, 1)


def axes_of_windows(
    op: ops.MaxPool | ops.AveragePool, spatial: Sequence[int], dilations: Shape
) -> tuple[Axis, ...]:
    """Returns the windows along each spatial axis."""
    rank = len(spatial)
    counts = windows(spatial, op.kernel_shape, op.strides, op.pads, dilations, op.ceil_mode)
    made = []
    for axis, (size, count) in enumerate(zip(spatial, counts, strict=True)):
        kernel, stride, dilation = op.kernel_shape[axis], op.strides[axis], dilations[axis]
        begin, end = op.pads[axis], op.pads[axis + rank]
        need = (count - 1) * stride + dilation * (kernel - 1) + 1
        overhang = max(need - size - begin - end, 0)
        made.append(Axis(size, count, kernel, stride, begin, end, overhang, dilation))
    return tuple(made)


def by_planes(x: str, channels: int, axes: Sequence[Axis], pool: Pool) -> str:
    """Returns the expression that pools over all axes, which may be done one after another.

    Args:
        x: The array, (N, channels, *spatial).
        channels: Number of channels.
        axes: The windows along each spatial axis.
        pool: Pools over two axes.
    """
    if len(axes) == 1:
        return f"ops.squeeze({pool(f'ops.expand_dims({x}, 3)', (axes[0], _WHOLE))}, 3)"
    if len(axes) == 2:
        return pool(x, (axes[0], axes[1]))
    depth, height, width = axes
    flat = Axis(height.count * width.count, height.count * width.count)
    x = shaped(x, -1, channels * depth.size, height.size, width.size)
    x = shaped(pool(x, (height, width)), -1, channels, depth.size, flat.size)
    return shaped(pool(x, (depth, flat)), -1, channels, depth.count, height.count, width.count)


def shaped(x: str, *sizes: int) -> str:
    """Returns the expression of an array in another shape."""
    return f"ops.reshape({x}, {literal(sizes)})"


def filled(x: str, plane: Plane, value: str = "0.0") -> str:
    """Returns an array with a number in all places that windows reach."""
    begins, ends = [a.begin for a in plane], [a.end + a.overhang for a in plane]
    return padded(x, (*begins, *ends), value)
