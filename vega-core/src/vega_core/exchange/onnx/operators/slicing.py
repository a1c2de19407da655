"""Operators that join arrays along an axis, and take them apart."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, Site, renamed
from vega_core.nn import ops


def split(op: ops.Split, site: Site) -> None:
    """Writes Split; parts of the batch have sizes that are computed."""
    (x,), total = site.inputs, sum(op.sizes)
    sizes = site.whole(op.sizes)
    if total < 0:
        batch = site.emit("Gather", site.emit("Shape", x), site.whole(op.axis))
        sizes = site.emit("Mul", sizes, site.emit("Div", batch, site.whole(total)))
    site.result("Split", x, sizes, axis=op.axis)


def take(op: ops.Slice, site: Site) -> None:
    """Writes Slice."""
    places = (op.starts, op.ends, op.axes, op.steps)
    site.result("Slice", *site.inputs, *map(site.whole, places))


FORMS: Final[Forms] = {
    ops.Concat: renamed("Concat", "axis"),
    ops.Slice: take,
    ops.Split: split,
}
