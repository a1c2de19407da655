"""Reductions, and order along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.site import Read, Readings, Site
from vega_core.exchange.onnx.reading.values import Value
from vega_core.nn import ops
from vega_core.nn.ops.ranking import Extreme
from vega_core.nn.ops.reduction import Reduction


def reduction(
    kind: type[Reduction], before: Callable[[Site, Value], Value] = lambda _, x: x
) -> Callable[[Site], Value]:
    """Returns the reading of a reduction.

    Args:
        kind: Ours.
        before: What is done to each element before, where ours does not do it.
    """

    def read(site: Site) -> Value:
        (x,) = site.values(1)
        axes = site.axes(1) or None
        x = before(site, x)
        if axes is None and site.whole("noop_with_empty_axes", 0):
            return x
        return site.emit(kind(axes, bool(site.whole("keepdims", 1))), x)

    return read


def magnitude(site: Site, x: Value) -> Value:
    """Returns the absolute values."""
    return site.emit(ops.Abs(), x)


def squared(site: Site, x: Value) -> Value:
    """Returns the squares."""
    return site.emit(ops.Mul(), x, x)


def logarithm(site: Site) -> Value:
    """Reads ReduceLogSum."""
    return site.emit(ops.Log(), reduction(ops.ReduceSum)(site))


def extreme(kind: type[Extreme]) -> Read:
    """Returns the reading of ArgMax or ArgMin."""

    def read(site: Site) -> Value:
        (x,) = site.values(1)
        if site.whole("select_last_index", 0):
            raise site.refuse("select_last_index", 1)
        return site.emit(kind(site.whole("axis", 0), bool(site.whole("keepdims", 1))), x)

    return read


def cumulative_sum(site: Site) -> Value:
    """Reads CumSum."""
    (x, _) = site.values(2)
    axis = int(site.scalar(1, "the axis"))
    flags = {name: bool(site.whole(name, 0)) for name in ("exclusive", "reverse")}
    return site.emit(ops.CumSum(axis, **flags), x)


def top_k(site: Site) -> tuple[Value, ...]:
    """Reads TopK."""
    x, _ = site.values(2)
    k = int(site.scalar(1, "k"))
    largest = bool(site.whole("largest", 1))
    if not x.spec.shape:
        raise ModelError("TopK of one number")
    return site.emit_all(ops.TopK(k, site.whole("axis", -1), largest), x)


READINGS: Final[Readings] = {
    "ArgMax": extreme(ops.ArgMax),
    "ArgMin": extreme(ops.ArgMin),
    "CumSum": cumulative_sum,
    "ReduceL1": reduction(ops.ReduceSum, magnitude),
    "ReduceL2": reduction(ops.ReduceL2),
    "ReduceLogSum": logarithm,
    "ReduceLogSumExp": reduction(ops.ReduceLogSumExp),
    "ReduceMax": reduction(ops.ReduceMax),
    "ReduceMean": reduction(ops.ReduceMean),
    "ReduceMin": reduction(ops.ReduceMin),
    "ReduceProd": reduction(ops.ReduceProd),
    "ReduceSum": reduction(ops.ReduceSum),
    "ReduceSumSquare": reduction(ops.ReduceSum, squared),
    "TopK": top_k,
}
