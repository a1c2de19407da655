"""Reductions."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from vega_core.exchange.onnx.site import Form, Forms, Site
from vega_core.nn import ops


def reduction(kind: str) -> Form:
    """Returns the form of a reduction that ONNX has."""

    def form(op: Any, site: Site) -> None:
        axes = [] if op.axes is None else [site.whole(op.axes)]
        site.result(kind, *site.inputs, *axes, keepdims=op.keepdims)

    return form


def log_sum_exp(op: ops.ReduceLogSumExp, site: Site) -> None:
    """Writes what it is made of, shifted by the largest: runtimes may overflow on ONNX's own."""
    (x,), (spec,) = site.inputs, site.specs
    axes, largest = site.whole(op.places(spec.shape)), float(np.finfo(spec.dtype).max)
    top = site.emit("ReduceMax", x, axes)
    # An infinite one would give inf - inf.
    bounds = (site.constant(bound, spec.dtype) for bound in (-largest, largest))
    top = site.emit("Clip", top, *bounds)
    total = site.emit("ReduceSum", site.emit("Exp", site.emit("Sub", x, top)), axes)
    parts = (site.emit("Log", total), top)
    if op.keepdims:
        site.result("Add", *parts)
    else:
        site.result("Squeeze", site.emit("Add", *parts), axes)


def standard_deviation(op: ops.ReduceStd, site: Site) -> None:
    """Writes the root of the mean square distance from the mean, which ONNX does not have."""
    (x,), (spec,) = site.inputs, site.specs
    places = op.places(spec.shape)
    axes = site.whole(places)
    centred = site.emit("Sub", x, site.emit("ReduceMean", x, axes))
    square = site.emit("Mul", centred, centred)
    total = site.emit("ReduceSum", square, axes, keepdims=op.keepdims)
    count = math.prod(spec.shape[axis] for axis in places)
    if count > 0:
        divisor = site.constant(count - op.correction, spec.dtype)
    else:
        sizes = site.emit("Gather", site.emit("Shape", x), axes)
        elements = site.emit("ReduceProd", sizes, keepdims=0)
        left = site.emit("Sub", elements, site.constant(op.correction))
        divisor = site.emit("Cast", left, to=site.type(spec.dtype))
    site.result("Sqrt", site.emit("Div", total, divisor))


FORMS: Final[Forms] = {
    ops.ReduceL2: reduction("ReduceL2"),
    ops.ReduceLogSumExp: log_sum_exp,
    ops.ReduceMax: reduction("ReduceMax"),
    ops.ReduceMean: reduction("ReduceMean"),
    ops.ReduceMin: reduction("ReduceMin"),
    ops.ReduceProd: reduction("ReduceProd"),
    ops.ReduceStd: standard_deviation,
    ops.ReduceSum: reduction("ReduceSum"),
}
