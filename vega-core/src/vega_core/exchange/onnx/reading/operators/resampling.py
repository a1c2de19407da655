"""Operators that change the resolution of pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.site import Readings, Site, sizes_in
from vega_core.exchange.onnx.reading.sizes import shape_of
from vega_core.exchange.onnx.reading.values import Value, numbers_of
from vega_core.nn import ops
from vega_core.nn.ops.resampling import nearest
from vega_core.nn.shapes import axes_of, show

_LARGEST: Final = 2**16
_ROUNDED: Final[Mapping[str, Callable[[Array], Any]]] = {
    "round_prefer_floor": lambda x: np.ceil(x - 0.5),
    "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


def resize(site: Site) -> Value:
    """Reads Resize: ours where it is the same, else elements by number, and their means."""
    (x,) = site.values(1)
    old = x.spec.shape[2:]
    new, scales = _wanted(site, x)
    mode = site.text("mode", "nearest")
    where = site.text("coordinate_transformation_mode", "half_pixel")
    if mode not in ("nearest", "linear"):
        raise site.refuse("mode", mode)
    for name in ("antialias", "exclude_outside"):
        if site.whole(name, 0):
            raise site.refuse(name, 1)
    places = [_places(where, *sizes, site) for sizes in zip(old, new, scales, strict=True)]
    if mode == "nearest":
        rounded = _ROUNDED.get(site.text("nearest_mode", "round_prefer_floor"))
        if rounded is None:
            raise site.refuse("nearest_mode", site.text("nearest_mode", ""))
        # Float32 is what the runtimes round in.
        taken = [
            np.clip(rounded(at.astype(np.float32)), 0, size - 1).astype(np.int64)
            for at, size in zip(places, old, strict=True)
        ]
        if all(
            one.tolist() == list(nearest(a, b)) for one, a, b in zip(taken, old, new, strict=True)
        ):
            return site.emit(ops.Resize(new), x)
        for axis, one in enumerate(taken, 2):
            if one.tolist() != list(range(old[axis - 2])):
                x = site.emit(ops.Gather(axis), x, site.constant(one, "int64"))
        return x
    exact = all(s * a == b for s, a, b in zip(scales, old, new, strict=True))
    if exact and (where in ("half_pixel", "pytorch_half_pixel") or where == "align_corners"):
        corners = where == "align_corners"
        if where != "pytorch_half_pixel" or min(new) > 1:
            return site.emit(ops.Resize(new, "linear", corners), x)
    for axis, (at, size) in enumerate(zip(places, old, strict=True), 2):
        x = _between(site, x, axis, at, size)
    return x


def _wanted(site: Site, x: Value) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Returns the new spatial sizes, and by how much they grow."""
    shape, rank = x.spec.shape, len(x.spec.shape)
    given = site.wholes("axes")
    axes = axes_of(given, shape) if given is not None else tuple(range(rank))
    if site.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise site.refuse("keep_aspect_ratio_policy", site.text("keep_aspect_ratio_policy", ""))
    sizes, scales = site.optional(3), site.optional(2)
    new, grown = list(shape), [1.0] * rank
    if scales is not None and scales.spec.shape != (0,):
        factors = [float(one) for one in numbers_of(scales, "the scales").ravel()]
        if len(factors) != len(axes) or not all(0 < one <= _LARGEST for one in factors):
            raise ModelError(f"Resize of {show(shape)} by {factors}")
        for axis, factor in zip(axes, factors, strict=True):
            grown[axis] = factor
            new[axis] = math.floor(shape[axis] * factor) if factor != 1 else shape[axis]
    elif sizes is not None:
        wanted = shape_of(sizes_in(sizes, "the sizes"))
        if len(wanted) != len(axes):
            raise ModelError(f"Resize of {show(shape)} to {wanted}")
        for axis, size in zip(axes, wanted, strict=True):
            fixed = axis < 2 and shape[axis] < 0 and size == site.batch
            new[axis] = shape[axis] if fixed else size
            grown[axis] = new[axis] / shape[axis]
    else:
        raise ModelError("Resize needs scales or sizes")
    spatial = new[2:]
    fits = spatial and 1 <= min(spatial) <= max(spatial) <= _LARGEST
    if tuple(new[:2]) != shape[:2] or not fits:
        raise ModelError(f"Resize of {show(shape)} to {show(new)}: its spatial axes alone are read")
    return tuple(spatial), tuple(grown[2:])


def _places(where: str, old: int, new: int, scale: float, site: Site) -> Array:
    """Returns where each element of the output is in the input."""
    at = np.arange(new, dtype=np.float64)
    if where == "asymmetric":
        return at / scale
    if where == "align_corners":
        return at * (old - 1) / (new - 1) if new > 1 else at * 0
    if where == "pytorch_half_pixel" and new == 1:
        return at * 0
    if where in ("half_pixel", "pytorch_half_pixel"):
        return (at + 0.5) / scale - 0.5
    if where == "half_pixel_symmetric":
        return old / 2 * (1 - new / (old * scale)) + (at + 0.5) / scale - 0.5
    raise site.refuse("coordinate_transformation_mode", where)


def _between(site: Site, x: Value, axis: int, at: Array, size: int) -> Value:
    """Returns means of two neighbours along an axis."""
    low = np.floor(at)
    share = (at - low).reshape(-1, *(1,) * (len(x.spec.shape) - axis - 1))
    parts = []
    for place, weight in ((low, 1 - share), (low + 1, share)):
        taken = site.constant(np.clip(place, 0, size - 1), "int64")
        part = site.emit(ops.Gather(axis), x, taken)
        parts.append(site.emit(ops.Mul(), part, site.constant(weight, x.spec.dtype)))
    return site.emit(ops.Add(), *parts)


def depth_to_space(site: Site) -> Value:
    """Reads DepthToSpace, in either order of channels."""
    (x,), size = site.values(1), site.whole("blocksize")
    mode = site.text("mode", "DCR")
    if mode == "CRD":
        return site.emit(ops.DepthToSpace(size), x)
    if mode != "DCR":
        raise site.refuse("mode", mode)
    _, c, h, w = _picture(x, size)
    y = site.emit(ops.Reshape((0, size, size, c // size**2, h, w)), x)
    y = site.emit(ops.Transpose((0, 3, 4, 1, 5, 2)), y)
    return site.emit(ops.Reshape((0, c // size**2, h * size, w * size)), y)


def space_to_depth(site: Site) -> Value:
    """Reads SpaceToDepth, which orders channels otherwise than ours."""
    (x,), size = site.values(1), site.whole("blocksize")
    _, c, h, w = _picture(x, size)
    y = site.emit(ops.Reshape((0, c, h // size, size, w // size, size)), x)
    y = site.emit(ops.Transpose((0, 3, 5, 1, 2, 4)), y)
    return site.emit(ops.Reshape((0, c * size**2, h // size, w // size)), y)


def _picture(x: Value, size: int) -> tuple[int, ...]:
    if len(x.spec.shape) != 4 or size < 1:
        raise ModelError(f"squares of {size} of {x.spec}")
    return x.spec.shape


READINGS: Final[Readings] = {
    "DepthToSpace": depth_to_space,
    "Resize": resize,
    "SpaceToDepth": space_to_depth,
}
