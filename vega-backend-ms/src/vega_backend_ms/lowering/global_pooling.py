"""Pooling to a given size, and to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_ms.lowering.planes import Axis, Plane, by_planes
from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def adaptive(kind: str, suffix: str = "") -> Lowering:
    """Returns the lowering of an adaptive pooling.

    Args:
        kind: The kernel.
        suffix: What picks its result.
    """

    def over_two(x: str, plane: Plane) -> str:
        return f"{kind}({literal(tuple(axis.count for axis in plane))})({x}){suffix}"

    def lower(op: ops.AdaptiveAveragePool | ops.AdaptiveMaxPool, site: Site) -> str:
        _, channels, *spatial = site.specs[0].shape
        axes = tuple(map(Axis, spatial, op.output_size))
        return by_planes(site.inputs[0], channels, axes, over_two)

    return lower


def over_all(kind: str) -> Lowering:
    """Returns the lowering of a global pooling, which is a reduction."""

    def lower(op: ops.GlobalAveragePool | ops.GlobalMaxPool, site: Site) -> str:  # noqa: ARG001
        axes = tuple(range(2, len(site.specs[0].shape)))
        return f"{kind}(True)({site.inputs[0]}, {literal(axes)})"

    return lower


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.AdaptiveAveragePool: adaptive("AdaptiveAvgPool2D"),
    ops.AdaptiveMaxPool: adaptive("AdaptiveMaxPool2D", "[0]"),
    ops.GlobalAveragePool: over_all("ReduceMean"),
    ops.GlobalMaxPool: over_all("ReduceMax"),
}
