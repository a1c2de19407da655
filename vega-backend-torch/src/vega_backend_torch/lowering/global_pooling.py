"""Pooling to a given size, and to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def adaptive(kind: str) -> Lowering:
    """Returns the lowering of an adaptive pooling, ``avg`` or ``max``."""

    def lower(op: ops.AdaptiveAveragePool | ops.AdaptiveMaxPool, site: Site) -> str:
        rank, size = len(op.output_size), literal(op.output_size)
        return f"F.adaptive_{kind}_pool{rank}d({site.inputs[0]}, {size})"

    return lower


def over_all(kind: str, reduction: str) -> Lowering:
    """Returns the lowering of a global pooling; over more than three axes it is a reduction."""

    def lower(op: ops.GlobalAveragePool | ops.GlobalMaxPool, site: Site) -> str:  # noqa: ARG001
        x, rank = site.inputs[0], len(site.specs[0].shape) - 2
        if rank <= 3:
            return f"F.adaptive_{kind}_pool{rank}d({x}, 1)"
        return f"{x}.{reduction}({literal(tuple(range(2, rank + 2)))}, keepdim=True)"

    return lower


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.AdaptiveAveragePool: adaptive("avg"),
    ops.AdaptiveMaxPool: adaptive("max"),
    ops.GlobalAveragePool: over_all("avg", "mean"),
    ops.GlobalMaxPool: over_all("max", "amax"),
}
