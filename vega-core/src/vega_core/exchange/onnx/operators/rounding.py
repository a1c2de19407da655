"""Rounding."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, Site, renamed
from vega_core.nn import ops


def clip(op: ops.Clip, site: Site) -> None:
    """Writes Clip, whose bounds are inputs of the input's element type."""
    dtype = site.specs[0].dtype
    low, high = ("" if bound is None else site.constant(bound, dtype) for bound in (op.min, op.max))
    site.result("Clip", *site.inputs, low, high)


def cast(op: ops.Cast, site: Site) -> None:
    """Writes Cast."""
    site.result("Cast", *site.inputs, to=site.type(op.dtype))


def as_type(site: Site, x: str, dtype: str) -> str:
    """Writes a cast on the way, and returns its name."""
    return site.emit("Cast", x, to=site.type(dtype))


FORMS: Final[Forms] = {
    ops.Cast: cast,
    ops.Ceil: renamed("Ceil"),
    ops.Clip: clip,
    ops.Floor: renamed("Floor"),
    ops.Round: renamed("Round"),
}
