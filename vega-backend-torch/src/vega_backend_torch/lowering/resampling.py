"""Operators that change the resolution of pictures, and the order of channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch

from vega_backend_torch.lowering.calls import call
from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.ops.resampling import nearest
from vega_core.nn.primitive import Primitive

_LINEAR: Final = {1: "linear", 2: "bilinear", 3: "trilinear"}


def resize(op: ops.Resize, site: Site) -> str:
    """Lowers Resize; where PyTorch's nearest rounds to another element, by number."""
    x, spatial = site.inputs[0], site.specs[0].shape[2:]
    if op.mode == "linear":
        size, mode, corners = map(literal, (op.size, _LINEAR[len(op.size)], op.align_corners))
        return f"F.interpolate({x}, {size}, mode={mode}, align_corners={corners})"
    if all(map(_agrees, spatial, op.size)):
        return f"F.interpolate({x}, {literal(op.size)}, mode='nearest')"
    for axis, (old, new) in enumerate(zip(spatial, op.size, strict=True), 2):
        x = f"picked({x}, {literals(axis, tuple(nearest(old, new)))})"
    return x


def picked(x: torch.Tensor, axis: int, places: Sequence[int]) -> torch.Tensor:
    """Returns elements along one axis, by number."""
    return x.index_select(axis, torch.tensor(places, device=x.device))


def channel_shuffle(op: ops.ChannelShuffle, site: Site) -> str:
    """Lowers ChannelShuffle; PyTorch's own needs spatial axes."""
    x, groups = site.inputs[0], literal(op.groups)
    if len(site.specs[0].shape) > 2:
        return f"F.channel_shuffle({x}, {groups})"
    return f"{x}.unflatten(1, ({groups}, -1)).transpose(1, 2).flatten(1)"


def _agrees(old: int, new: int) -> bool:
    """Returns whether PyTorch reads the same elements, though it scales places in float32."""
    scaled = np.arange(new, dtype=np.float32) * (np.float32(old) / np.float32(new))
    return np.array_equal(np.minimum(scaled.astype(int), old - 1), nearest(old, new))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.ChannelShuffle: channel_shuffle,
    ops.DepthToSpace: call("F.pixel_shuffle", "blocksize"),
    ops.Resize: resize,
    ops.SpaceToDepth: call("F.pixel_unshuffle", "blocksize"),
}
