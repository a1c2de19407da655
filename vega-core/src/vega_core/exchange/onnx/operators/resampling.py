"""Operators that change the resolution of pictures, and the order of channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vega_core.exchange.onnx.site import Forms, Site
from vega_core.nn import ops
from vega_core.nn.ops.resampling import nearest


def resize(op: ops.Resize, site: Site) -> None:
    """Writes Resize, or for whole elements that it might miss by rounding, Gather."""
    (x,), old = site.inputs, site.specs[0].shape[2:]
    if op.mode == "nearest" and any(new % size for new, size in zip(op.size, old, strict=True)):
        for axis, (size, new) in enumerate(zip(old, op.size, strict=True), 2):
            x = site.emit("Gather", x, site.whole(nearest(size, new)), axis=axis)
        site.result("Identity", x)
        return
    where = "align_corners" if op.align_corners else "half_pixel"
    site.result(
        "Resize",
        x,
        "",
        "",
        site.whole(op.size),
        axes=range(2, 2 + len(old)),
        mode=op.mode,
        coordinate_transformation_mode="asymmetric" if op.mode == "nearest" else where,
        nearest_mode="floor" if op.mode == "nearest" else None,
    )


def depth_to_space(op: ops.DepthToSpace, site: Site) -> None:
    """Writes DepthToSpace."""
    site.result("DepthToSpace", *site.inputs, blocksize=op.blocksize, mode="CRD")


def space_to_depth(op: ops.SpaceToDepth, site: Site) -> None:
    """Writes the moves that it is made of: ONNX's SpaceToDepth orders channels otherwise."""
    (_, c, h, w), b = site.specs[0].shape, op.blocksize
    squares = (0, c, h // b, b, w // b, b)
    _moved(site, squares, (0, 1, 3, 5, 2, 4), (0, c * b**2, h // b, w // b))


def channel_shuffle(op: ops.ChannelShuffle, site: Site) -> None:
    """Writes the moves that it is made of."""
    _, c, *spatial = site.specs[0].shape
    sizes = [size if size > 0 else -1 for size in spatial]
    _moved(site, (0, op.groups, c // op.groups, -1), (0, 2, 1, 3), (0, c, *sizes))


def _moved(site: Site, apart: Sequence[int], perm: Sequence[int], together: Sequence[int]) -> None:
    x = site.emit("Reshape", *site.inputs, site.whole(apart))
    site.result("Reshape", site.emit("Transpose", x, perm=perm), site.whole(together))


FORMS: Final[Forms] = {
    ops.ChannelShuffle: channel_shuffle,
    ops.DepthToSpace: depth_to_space,
    ops.Resize: resize,
    ops.SpaceToDepth: space_to_depth,
}
