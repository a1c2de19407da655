"""Operators that read and write by number."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.operators.constant import computed
from vega_core.exchange.onnx.operators.rounding import as_type
from vega_core.exchange.onnx.site import Forms, Site
from vega_core.nn import ops

_INDICES: Final = ("int32", "int64")
"""What ONNX takes as indices."""


def embedding(_: ops.Embedding, site: Site) -> None:
    """Writes Gather of the table."""
    site.result("Gather", site.params["weight"], _indices(site, 0))


def gather(op: ops.Gather, site: Site) -> None:
    """Writes Gather."""
    site.result("Gather", site.inputs[0], _indices(site, 1), axis=op.axis)


def gather_elements(op: ops.GatherElements, site: Site) -> None:
    """Writes GatherElements."""
    site.result("GatherElements", site.inputs[0], _indices(site, 1), axis=op.axis)


def scatter_elements(op: ops.ScatterElements, site: Site) -> None:
    """Writes ScatterElements."""
    data, _, updates = site.inputs
    site.result(
        "ScatterElements",
        data,
        _indices(site, 1),
        updates,
        axis=op.axis,
        reduction=op.reduction,
    )


def one_hot(op: ops.OneHot, site: Site) -> None:
    """Writes OneHot of float32, which runtimes have, and a cast to another type."""
    depth, values = site.constant(op.depth), site.constant([0, 1], "float32")
    inputs = (as_type(site, site.inputs[0], "int64"), depth, values)
    if op.dtype == "float32":
        site.result("OneHot", *inputs, axis=op.axis)
    else:
        hot = site.emit("OneHot", *inputs, axis=op.axis)
        site.result("Cast", hot, to=site.type(op.dtype))


def _indices(site: Site, place: int) -> str:
    indices = site.inputs[place]
    known = site.specs[place].dtype in _INDICES
    return indices if known else as_type(site, indices, "int64")


FORMS: Final[Forms] = {
    ops.Embedding: embedding,
    ops.Gather: gather,
    ops.GatherElements: gather_elements,
    ops.OneHot: one_hot,
    ops.Range: computed,
    ops.ScatterElements: scatter_elements,
}
