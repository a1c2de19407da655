"""Operators that change the resolution of pictures, and the order of channels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import mindspore as ms
import numpy as np
from mindspore import ops as ms_ops

from vega_backend_ms.lowering.planes import shaped
from vega_backend_ms.lowering.types import element_type
from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.ops.resampling import nearest
from vega_core.nn.primitive import Primitive


def resize(op: ops.Resize, site: Site) -> str:
    """Lowers Resize; MindSpore has good kernels over two axes, and counts places in float32."""
    (x,), (spec,) = site.inputs, site.specs
    spatial, size = spec.shape[2:], literal(op.size)
    native = len(op.size) == 2 and spec.dtype != "float64"
    if op.mode == "linear":
        if native:
            corners = literal(op.align_corners)
            return f'ops.interpolate({x}, {size}, None, "bilinear", {corners})'
        for axis, (old, new) in enumerate(zip(spatial, op.size, strict=True), 2):
            low, high, shares = between(old, new, op.align_corners)
            options = f"{literals(axis, low, high, shares)}, {element_type(spec.dtype)}"
            x = f"interpolated({x}, {options})"
        return x
    if native and all(map(_agrees, spatial, op.size)):
        return f'ops.interpolate({x}, {size}, None, "nearest")'
    for axis, (old, new) in enumerate(zip(spatial, op.size, strict=True), 2):
        if old != new:
            x = f"picked({x}, {literals(axis, tuple(nearest(old, new)))})"
    return x


def between(
    old: int, new: int, align_corners: bool
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...]]:
    """Returns the elements that each place lies between, and the share of the second."""
    places = range(new)
    if align_corners:
        sources = [place * (old - 1) / max(new - 1, 1) for place in places]
    else:
        sources = [max((place + 0.5) * old / new - 0.5, 0.0) for place in places]
    low = tuple([min(int(source), old - 1) for source in sources])
    high = tuple([min(place + 1, old - 1) for place in low])
    return low, high, tuple([source - place for source, place in zip(sources, low, strict=True)])


def interpolated(
    x: Any, axis: int, low: Sequence[int], high: Sequence[int], shares: Sequence[float], dtype: Any
) -> Any:
    """Returns elements along one axis that lie between two of the array's."""
    share = ms_ops.reshape(ms.Tensor(shares, dtype), (-1,) + (1,) * (x.ndim - axis - 1))
    below = ms_ops.gather(x, ms.Tensor(low, ms.int32), axis)
    above = ms_ops.gather(x, ms.Tensor(high, ms.int32), axis)
    return below * (1 - share) + above * share


def depth_to_space(op: ops.DepthToSpace, site: Site) -> str:
    """Lowers DepthToSpace."""
    _, c, h, w = site.specs[0].shape
    b = op.blocksize
    squares = shaped(site.inputs[0], -1, c // b**2, b, b, h, w)
    return shaped(f"ops.transpose({squares}, (0, 1, 4, 2, 5, 3))", -1, c // b**2, h * b, w * b)


def space_to_depth(op: ops.SpaceToDepth, site: Site) -> str:
    """Lowers SpaceToDepth."""
    _, c, h, w = site.specs[0].shape
    b = op.blocksize
    squares = shaped(site.inputs[0], -1, c, h // b, b, w // b, b)
    return shaped(f"ops.transpose({squares}, (0, 1, 3, 5, 2, 4))", -1, c * b**2, h // b, w // b)


def channel_shuffle(op: ops.ChannelShuffle, site: Site) -> str:
    """Lowers ChannelShuffle."""
    x, (_, c, *spatial) = site.inputs[0], site.specs[0].shape
    dealt = shaped(x, -1, op.groups, c // op.groups, math.prod(spatial))
    return f"ops.reshape(ops.swapaxes({dealt}, 1, 2), {x}.shape)"


def _agrees(old: int, new: int) -> bool:
    """Returns whether MindSpore reads the same elements, though it scales places in float32."""
    scaled = np.arange(new, dtype=np.float32) * (np.float32(old) / np.float32(new))
    return np.array_equal(np.minimum(scaled.astype(int), old - 1), nearest(old, new))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.ChannelShuffle: channel_shuffle,
    ops.DepthToSpace: depth_to_space,
    ops.Resize: resize,
    ops.SpaceToDepth: space_to_depth,
}
