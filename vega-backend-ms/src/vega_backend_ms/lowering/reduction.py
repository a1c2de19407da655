"""Reductions over axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mindspore import ops as ms_ops

from vega_backend_ms.lowering.precision import exact_type
from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.ops.reduction import Reduction
from vega_core.nn.primitive import Primitive

_mean: Final = ms_ops.ReduceMean(True)


def reduction(kernel: str) -> Lowering:
    """Returns the lowering ``kernel(keepdims)(x, axes)``."""

    def lower(op: Reduction, site: Site) -> str:
        axes = op.places(site.specs[0].shape)
        # MindSpore takes no axes for all of them, of which an array of shape () has none.
        return f"{kernel}({literal(op.keepdims)})({site.inputs[0]}, {literal(axes)})"

    return lower


def composed(function: str, *attributes: str) -> Lowering:
    """Returns the lowering ``function(x, axes, keepdims, attributes)``."""

    def lower(op: Any, site: Site) -> str:
        values = (op.places(site.specs[0].shape), op.keepdims)
        more = (getattr(op, name) for name in attributes)
        return f"{function}({site.inputs[0]}, {literals(*values, *more)})"

    return lower


def log_sum_exp(op: ops.ReduceLogSumExp, site: Site) -> str:
    """Lowers ReduceLogSumExp."""
    spec = site.specs[0]
    options = f"{literals(op.places(spec.shape), op.keepdims)}, {exact_type(spec.dtype)}"
    return f"log_sum_exp({site.inputs[0]}, {options})"


def deviation(x: Any, axes: Sequence[int], keepdims: bool, correction: int) -> Any:
    """Returns the standard deviation over axes."""
    count = 1
    for axis in axes:
        count = count * x.shape[axis]
    apart = x - _mean(x, axes)
    return root(ms_ops.ReduceSum(keepdims)(apart * apart, axes) / (count - correction))


def norm(x: Any, axes: Sequence[int], keepdims: bool) -> Any:
    """Returns the square root of the sum of squares over axes."""
    return root(ms_ops.ReduceSum(keepdims)(x * x, axes))


def root(x: Any) -> Any:
    """Returns the square root; its gradient at 0 is 1, so that of a square's is 0."""
    above = x > 0
    return ms_ops.select(above, ms_ops.sqrt(ms_ops.select(above, x, ms_ops.ones_like(x))), x)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.ReduceL2: composed("norm"),
    ops.ReduceLogSumExp: log_sum_exp,
    ops.ReduceMax: reduction("ReduceMax"),
    ops.ReduceMean: reduction("ReduceMean"),
    ops.ReduceMin: reduction("ReduceMin"),
    ops.ReduceProd: reduction("ReduceProd"),
    ops.ReduceStd: composed("deviation", "correction"),
    ops.ReduceSum: reduction("ReduceSum"),
}
