"""Numbers in order, and places in the order of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import mindspore as ms
from mindspore import ops as ms_ops

from vega_backend_ms.lowering.indexing import as_int64, wrapped
from vega_backend_ms.lowering.types import element_type
from vega_core.backend.writing import Lowering, Site, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axis_of


def one_hot(op: ops.OneHot, site: Site) -> str:
    """Lowers OneHot."""
    axis = axis_of(op.axis, (1,) * (len(site.specs[0].shape) + 1))
    return f"hot({as_int64(site, 0)}, {literals(op.depth, axis)}, {element_type(op.dtype)})"


def numbers(op: ops.Range, site: Site) -> str:  # noqa: ARG001
    """Lowers Range; MindSpore counts in its widest integers only."""
    dtype, count = element_type(op.dtype), math.ceil((op.limit - op.start) / op.delta)
    if not op.dtype.startswith("float"):
        return f"counted({literals(count, int(op.start), int(op.delta))}, {dtype})"
    start, delta = (f"ms.Tensor({literals(float(n))}, ms.float64)" for n in (op.start, op.delta))
    return f"counted({literals(count)}, {start}, {delta}, {dtype})"


def hot(indices: Any, depth: int, axis: int, dtype: Any) -> Any:
    """Returns a new axis that is 1 at the place of each number; see `ops.OneHot`."""
    shape = [1] * (indices.ndim + 1)
    shape[axis] = depth
    places = ms_ops.reshape(ms_ops.arange(depth), tuple(shape))
    return ms_ops.cast(ms_ops.expand_dims(wrapped(indices, depth), axis) == places, dtype)


def counted(count: int, start: Any, delta: Any, dtype: Any) -> Any:
    """Returns numbers in one axis; floats if the first two are of float64."""
    places = ms_ops.arange(count)
    if not isinstance(start, int):
        places = ms_ops.cast(places, ms.float64)
    return ms_ops.cast(places * delta + start, dtype)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.OneHot: one_hot,
    ops.Range: numbers,
}
