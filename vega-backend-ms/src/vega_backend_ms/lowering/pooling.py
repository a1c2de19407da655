"""Pooling over windows of one size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mindspore import ops as ms_ops

from vega_backend_ms.lowering.indexing import picked
from vega_backend_ms.lowering.padding import padded
from vega_backend_ms.lowering.planes import Plane, axes_of_windows, by_planes, filled
from vega_backend_ms.lowering.slicing import cut
from vega_backend_ms.lowering.types import element_type
from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def max_pool(op: ops.MaxPool, site: Site) -> str:
    """Lowers MaxPool; what pads never wins."""
    _, channels, *spatial = site.specs[0].shape
    axes = axes_of_windows(op, spatial, op.dilations)
    return by_planes(site.inputs[0], channels, axes, _largest)


def _largest(x: str, plane: Plane) -> str:
    dilations = tuple(axis.dilation for axis in plane)
    if max(dilations) > 1:
        # The only kernel that dilates, of which the gradient is ten times slower.
        options = f"{_windows(plane)}, 0, {literal(dilations)}"
        return f"MaxPoolWithArgmaxV2({options})({filled(x, plane, '-math.inf')})[0]"
    if all(axis.same for axis in plane):
        return f'MaxPool({_windows(plane)}, "same")({x})'
    return f'MaxPool({_windows(plane)}, "valid")({filled(x, plane, "-math.inf")})'


def average_pool(op: ops.AveragePool, site: Site) -> str:
    """Lowers AveragePool; where not all places of a window count, as the mean over that of ones."""
    _, channels, *spatial = site.specs[0].shape
    dtype = element_type(site.specs[0].dtype)

    def mean(x: str, plane: Plane) -> str:
        around = any(axis.begin or axis.end for axis in plane)
        exact = site.specs[0].dtype == "float64"
        if not exact and around and not op.count_include_pad and all(axis.same for axis in plane):
            return f'AvgPool({_windows(plane)}, "same")({x})'
        means = f'AvgPool({_windows(plane)}, "valid")({{}})'
        if exact:
            means = _exact_means(plane)
        result = means.format(filled(x, plane))
        if not any(axis.overhang for axis in plane) and (op.count_include_pad or not around):
            return result
        ones = f"ops.ones({literal((1, 1, *(axis.size for axis in plane)))}, {dtype})"
        pads = (*(axis.begin for axis in plane), *(axis.end for axis in plane))
        counted = padded(ones, pads, literal(float(op.count_include_pad)))
        beyond = padded(counted, (0, 0, *(axis.overhang for axis in plane)))
        return f"{result} / {means.format(beyond)}"

    return by_planes(
        site.inputs[0], channels, axes_of_windows(op, spatial, (1,) * len(spatial)), mean
    )


def _exact_means(plane: Plane) -> str:
    """Returns the mean of windows; MindSpore computes that of float64 in float32."""
    text = "{}"
    for place, axis in enumerate(plane, 2):
        text = f"averaged({text}, {literals(place, axis.count, axis.kernel, axis.stride)})"
    return text


def averaged(x: Any, axis: int, count: int, kernel: int, stride: int) -> Any:
    """Returns the mean of windows along one axis."""
    total = ms_ops.zeros_like(cut(x, axis, 0, count))
    for first in range(kernel):
        places = tuple(range(first, first + stride * count, stride))
        total = total + picked(x, axis, places)
    return total / kernel


def _windows(plane: Plane) -> str:
    return literals(tuple(axis.kernel for axis in plane), tuple(axis.stride for axis in plane))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.AveragePool: average_pool,
    ops.MaxPool: max_pool,
}
