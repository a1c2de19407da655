"""Operators that read and write by number."""

from __future__ import annotations

from typing import Final

import numpy as np

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.site import Readings, Site
from vega_core.exchange.onnx.reading.values import Computed, Value, Weight
from vega_core.nn import ops
from vega_core.nn.primitive import Call

_NOTHING: Final = Call((), {})
_REDUCTIONS: Final = ("none", "add", "mul", "max", "min")


def gather(site: Site) -> Value:
    """Reads Gather; from the rows of a parameter it is an embedding."""
    data, indices = site.values(2)
    axis = site.whole("axis", 0)
    table = isinstance(data, Weight) and data.single and len(data.spec.shape) == 2 and axis == 0
    if table and isinstance(indices, Computed) and data.spec.dtype == "float32":
        return site.emit(ops.Embedding(*data.spec.shape), indices, weight=data)
    return site.emit(ops.Gather(axis), data, indices)


def gather_elements(site: Site) -> Value:
    """Reads GatherElements."""
    return site.emit(ops.GatherElements(site.whole("axis", 0)), *site.values(2))


def scatter_elements(site: Site) -> Value:
    """Reads ScatterElements."""
    reduction = site.text("reduction", "none")
    if reduction not in _REDUCTIONS:
        raise site.refuse("reduction", reduction)
    op = ops.ScatterElements(site.whole("axis", 0), reduction)  # type: ignore[arg-type]
    return site.emit(op, *site.values(3))


def one_hot(site: Site) -> Value:
    """Reads OneHot."""
    indices, _, values = site.values(3)
    depth, pair = int(site.scalar(1, "the depth")), site.numbers(2, "the values")
    if pair is None or pair.shape != (2,):
        raise ModelError("OneHot needs the value for off and the value for on")
    if indices.spec.dtype.startswith("float"):
        indices = site.emit(ops.Cast("int64"), indices)
    off, on = pair.tolist()
    hot = site.emit(ops.OneHot(depth, site.whole("axis", -1), values.spec.dtype), indices)
    if (off, on) == (0, 1):
        return hot
    hot = site.emit(ops.Mul(), hot, site.constant(on - off, values.spec.dtype))
    return site.emit(ops.Add(), hot, site.constant(off, values.spec.dtype))


def count(site: Site) -> Value:
    """Reads Range of known numbers."""
    start, limit, step = (site.scalar(place, "a bound") for place in range(3))
    dtype = site.values(1)[0].spec.dtype
    whole = all(np.isfinite(one) for one in (start, limit, step))
    if not whole or not step or (limit - start) / step >= 2**20:
        raise ModelError(f"Range from {start} to {limit} by {step}")
    if (limit - start) / step <= 0:
        return site.constant(np.zeros(0), dtype)
    (array,) = ops.Range(start, limit, step, dtype).reference(_NOTHING)
    return site.constant(array, dtype)


def trilu(site: Site) -> Value:
    """Reads Trilu: the elements above or below a diagonal, by a mask."""
    (x,) = site.values(1)
    shift = int(site.scalar(1, "the diagonal") or 0)
    rows, columns = x.spec.shape[-2:]
    if min(rows, columns) < 1 or rows * columns > 2**20:
        raise ModelError(f"Trilu of {x.spec}")
    mask = np.ones((rows, columns), bool)
    kept = np.triu(mask, shift) if site.whole("upper", 1) else np.tril(mask, shift)
    zero = site.constant(0, x.spec.dtype)
    return site.emit(ops.Where(), site.constant(kept, "bool"), x, zero)


READINGS: Final[Readings] = {
    "Gather": gather,
    "GatherElements": gather_elements,
    "OneHot": one_hot,
    "Range": count,
    "ScatterElements": scatter_elements,
    "Trilu": trilu,
}
