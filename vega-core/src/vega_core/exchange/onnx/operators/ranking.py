"""Order along one axis."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, Site, renamed
from vega_core.nn import ops


def cumulative_sum(op: ops.CumSum, site: Site) -> None:
    """Writes CumSum."""
    axis = site.constant(op.axis)
    site.result("CumSum", *site.inputs, axis, exclusive=op.exclusive, reverse=op.reverse)


def top_k(op: ops.TopK, site: Site) -> None:
    """Writes TopK, sorted; of equal elements the first comes first there too."""
    site.result("TopK", *site.inputs, site.whole(op.k), axis=op.axis, largest=op.largest, sorted=1)


FORMS: Final[Forms] = {
    ops.ArgMax: renamed("ArgMax", "axis", "keepdims"),
    ops.ArgMin: renamed("ArgMin", "axis", "keepdims"),
    ops.CumSum: cumulative_sum,
    ops.TopK: top_k,
}
