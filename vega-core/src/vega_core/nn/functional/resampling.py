"""Functions that change the resolution of pictures, and the order of channels."""

from __future__ import annotations

from collections.abc import Sequence

from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.functional.sizes import Sizes, each
from vega_core.nn.ops.resampling import Interpolation
from vega_core.nn.shapes import show
from vega_core.nn.tensor import Tensor


def resize(
    x: Tensor,
    size: Sizes | None = None,
    scale: float | Sequence[float] | None = None,
    mode: Interpolation = "nearest",
    align_corners: bool = False,
) -> Tensor:
    """Returns (N, C, *spatial) at another resolution, (N, C, *size).

    Args:
        x: The input.
        size: The new sizes: one number or one an axis.
        scale: In their place, by how much they grow, rounded down: one number or one an axis.
        mode: ``nearest``, or ``linear`` (bilinear on pictures).
        align_corners: Whether the corners' centres, not their outlines, fall on one another.

    Raises:
        ShapeError: Both size and scale are given, or neither, or the sizes do not fit.
    """
    if (size is None) == (scale is None):
        raise ShapeError(f"resize {show(x.shape)} to a size or by a scale, one of the two")
    if size is None:
        size = _scaled(x, scale)
    return x.apply(ops.Resize(each(size, len(x.spatial)), mode, align_corners))


def pixel_shuffle(x: Tensor, factor: int) -> Tensor:
    """Returns (N, C * factor², H, W) as (N, C, H * factor, W * factor): channels become squares."""
    return x.apply(ops.DepthToSpace(factor))


def pixel_unshuffle(x: Tensor, factor: int) -> Tensor:
    """Returns (N, C, H * factor, W * factor) as (N, C * factor², H, W): squares become channels."""
    return x.apply(ops.SpaceToDepth(factor))


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Returns the channels dealt out anew, one of each group in turn."""
    return x.apply(ops.ChannelShuffle(groups))


def _scaled(x: Tensor, scale: float | Sequence[float] | None) -> tuple[int, ...]:
    factors = scale if isinstance(scale, Sequence) else (scale,) * len(x.spatial)
    if len(factors) != len(x.spatial) or not all(factor and factor > 0 for factor in factors):
        raise ShapeError(f"{show(x.shape)} cannot be scaled by {scale}")
    return tuple(int(n * factor) for n, factor in zip(x.spatial, factors, strict=True) if factor)
