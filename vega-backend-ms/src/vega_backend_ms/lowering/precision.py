"""Functions of which MindSpore's kernels of 32 bits are too far off, computed in another type.

On the CPU its tanh is off by 1e-4, its exp and expm1 by 6e-6 and 3e-4 of their value, its log by
4e-6: enough for a training run to leave that of other frameworks. So expressions name ``EXACT``,
the element type to compute these in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mindspore import ops as ms_ops

from vega_core.backend.writing import Lowering, Site, literals


def exact(function: str, *attributes: str) -> Lowering:
    """Returns the lowering ``function(x, attributes, the exact element type)``."""

    def lower(op: Any, site: Site) -> str:
        values = literals(*(getattr(op, name) for name in attributes))
        arguments = (site.inputs[0], values, exact_type(site.specs[0].dtype))
        return f"{function}({', '.join(filter(None, arguments))})"

    return lower


def exact_type(dtype: str) -> str:
    """Returns the source of the element type to compute in for an array of another."""
    return "ms.float64" if dtype == "float64" else "EXACT"


def tanh(x: Any, wide: Any) -> Any:
    """Returns the hyperbolic tangent."""
    return ms_ops.cast(ms_ops.tanh(ms_ops.cast(x, wide)), x.dtype)


def exp(x: Any, wide: Any) -> Any:
    """Returns e to the power of x."""
    return ms_ops.cast(ms_ops.exp(ms_ops.cast(x, wide)), x.dtype)


def log(x: Any, wide: Any) -> Any:
    """Returns the natural logarithm."""
    return ms_ops.cast(ms_ops.log(ms_ops.cast(x, wide)), x.dtype)


def softplus(x: Any, wide: Any) -> Any:
    """Returns log(1 + exp(x)) without overflow."""
    above, zeros = x > 0, ms_ops.zeros_like(x)
    below = ms_ops.cast(ms_ops.select(above, -x, x), wide)
    rest = ms_ops.cast(ms_ops.log1p(ms_ops.exp(below)), x.dtype)
    return rest + ms_ops.select(above, x, zeros)


def mish(x: Any, wide: Any) -> Any:
    """Returns x times tanh of its softplus; MindSpore's own is NaN for large x."""
    return x * tanh(softplus(x, wide), wide)


def log_softmax(x: Any, axis: int, wide: Any) -> Any:
    """Returns the logarithm of the softmax along an axis."""
    y = ms_ops.cast(x, wide)
    y = y - ms_ops.stop_gradient(ms_ops.ReduceMax(True)(y, (axis,)))
    total = ms_ops.ReduceSum(True)(ms_ops.exp(y), (axis,))
    return ms_ops.cast(y - ms_ops.log(total), x.dtype)


def log_sum_exp(x: Any, axes: Sequence[int], keepdims: bool, wide: Any) -> Any:
    """Returns the logarithm of the sum of exponentials over axes, without overflow."""
    y = ms_ops.cast(x, wide)
    top = ms_ops.stop_gradient(ms_ops.ReduceMax(True)(y, axes))
    top = ms_ops.select(ms_ops.isfinite(top), top, ms_ops.zeros_like(top))
    result = ms_ops.log(ms_ops.ReduceSum(True)(ms_ops.exp(y - top), axes)) + top
    result = result if keepdims or not axes else ms_ops.squeeze(result, axes)
    return ms_ops.cast(result, x.dtype)
