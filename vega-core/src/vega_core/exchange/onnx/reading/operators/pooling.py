"""Pooling over windows, and over everything."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from vega_core.arrays import Array
from vega_core.exchange.onnx.reading.operators.elementwise import renamed
from vega_core.exchange.onnx.reading.operators.windows import Windows, windows_of
from vega_core.exchange.onnx.reading.site import Readings, Site
from vega_core.exchange.onnx.reading.values import Value
from vega_core.nn import ops
from vega_core.nn.shapes import Shape
from vega_core.nn.shapes import windows as counted


def max_pool(site: Site) -> Value:
    """Reads MaxPool."""
    (x,) = site.values(1)
    site.alone()
    w, ceil = windows_of(site, x.spec.shape[2:]), bool(site.whole("ceil_mode", 0))
    pads = w.pads
    if _wide(w):
        x, pads = _padded(site, x, pads, -math.inf), (0,) * len(pads)
    return site.emit(ops.MaxPool(w.kernel, w.strides, pads, w.dilations, ceil), x)


def average_pool(site: Site) -> Value:
    """Reads AveragePool."""
    (x,) = site.values(1)
    w, ceil = windows_of(site, x.spec.shape[2:]), bool(site.whole("ceil_mode", 0))
    if any(d != 1 for d in w.dilations):
        raise site.refuse("dilations", w.dilations)
    counts = bool(site.whole("count_include_pad", 0))
    if not _wide(w):
        return site.emit(ops.AveragePool(w.kernel, w.strides, w.pads, ceil, counts), x)
    padded = _padded(site, x, w.pads, 0.0)
    y = site.emit(ops.AveragePool(w.kernel, w.strides, (0,) * len(w.pads), ceil, counts), padded)
    if counts:
        return y
    share = _share(w, x.spec.shape[2:], ceil)
    return site.emit(ops.Div(), y, site.constant(share, x.spec.dtype))


def _wide(w: Windows) -> bool:
    """Returns whether pads are more than half of a window, which backends do not have."""
    return any(2 * pad > size for pad, size in zip(w.pads, w.kernel * 2, strict=True))


def _padded(site: Site, x: Value, pads: Shape, value: float) -> Value:
    rank = len(pads) // 2
    around = (0, 0, *pads[:rank], 0, 0, *pads[rank:])
    return site.emit(ops.Pad(around, value), x)


def _share(w: Windows, spatial: Shape, ceil: bool) -> Array:
    """Returns which part of each window over padded input is input, of those it counts."""
    rank, share = len(spatial), np.ones(())
    for axis, size in enumerate(spatial):
        begin, end = w.pads[axis], w.pads[axis + rank]
        kernel, stride, whole = w.kernel[axis], w.strides[axis], size + begin + end
        (count,) = counted((whole,), (kernel,), (stride,), (0, 0), (1,), ceil)
        starts = np.arange(count) * stride
        ends = np.minimum(starts + kernel, whole)
        inside = np.minimum(ends, begin + size) - np.maximum(starts, begin)
        part = inside / (ends - starts)
        share = np.multiply.outer(share, part)
    return share


READINGS: Final[Readings] = {
    "AveragePool": average_pool,
    "GlobalAveragePool": renamed(ops.GlobalAveragePool()),
    "GlobalMaxPool": renamed(ops.GlobalMaxPool()),
    "MaxPool": max_pool,
}
