"""Running sums, and which elements are the largest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import mindspore as ms
from mindspore import ops as ms_ops

from vega_backend_ms.lowering.calls import call
from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axis_of

_running, _top = ms_ops.CumSum(), ms_ops.TopK()


def running_sum(op: ops.CumSum, site: Site) -> str:
    """Lowers CumSum."""
    axis = axis_of(op.axis, site.specs[0].shape)
    kernel = f"CumSum({literal(op.exclusive)}, {literal(op.reverse)})"
    return f"{kernel}({site.inputs[0]}, {literal(axis)})"


def extreme(function: str) -> Lowering:
    """Returns the lowering of where the largest or smallest element is."""

    def lower(op: ops.ArgMax | ops.ArgMin, site: Site) -> str:
        axis = literal(axis_of(op.axis, site.specs[0].shape))
        return f"ops.cast({function}({site.inputs[0]}, {axis}, {literal(op.keepdims)}), ms.int64)"

    return lower


def top(x: Any, k: int, axis: int, largest: bool) -> tuple[Any, Any]:
    """Returns the first k elements in order, and where they were; see `ops.TopK`.

    MindSpore's own says nothing about the order of equal ones. So what is sorted is, for each
    element, how many different ones are before it, and then its place.
    """
    rows = ms_ops.swapaxes(x, axis, -1)
    size = rows.shape[-1]
    values, found = _top(rows, size)
    before = values != ms_ops.gather(values, _before(size), -1)
    rank = _running(ms_ops.cast(before, ms.int64), -1)
    found = ms_ops.cast(found, ms.int64)
    keys = -(rank * size + found) if largest else rank * size - found
    first, _ = _top(keys, k)
    places = ms_ops.swapaxes((-first) % size, axis, -1)
    return ms_ops.gather_elements(x, axis, places), places


def _before(size: int) -> Any:
    """Returns the place before each, and of the first itself."""
    return ms_ops.maximum(ms_ops.arange(size) - 1, ms.Tensor(0, ms.int64))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.ArgMax: extreme("ops.argmax"),
    ops.ArgMin: extreme("ops.argmin"),
    ops.CumSum: running_sum,
    ops.TopK: call("top", "k", "axis", "largest"),
}
