"""Operators that give the same elements another shape."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, Site, renamed
from vega_core.nn import ops


def reshape(op: ops.Reshape, site: Site) -> None:
    """Writes Reshape; 0 and -1 mean the same there."""
    site.result("Reshape", *site.inputs, site.whole(op.shape))


def expand(op: ops.Expand, site: Site) -> None:
    """Writes Expand, where 1 leaves an axis as it is."""
    site.result("Expand", *site.inputs, site.whole([size or 1 for size in op.shape]))


def squeeze(op: ops.Squeeze, site: Site) -> None:
    """Writes Squeeze; none of the axes means all of them there."""
    if op.axes:
        site.result("Squeeze", *site.inputs, site.whole(op.axes))
    else:
        site.result("Identity", *site.inputs)


def unsqueeze(op: ops.Unsqueeze, site: Site) -> None:
    """Writes Unsqueeze."""
    site.result("Unsqueeze", *site.inputs, site.whole(op.axes))


FORMS: Final[Forms] = {
    ops.Expand: expand,
    ops.Flatten: renamed("Flatten", "axis"),
    ops.Reshape: reshape,
    ops.Squeeze: squeeze,
    ops.Transpose: renamed("Transpose", "perm"),
    ops.Unsqueeze: unsqueeze,
}
