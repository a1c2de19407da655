"""Padding."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, Site
from vega_core.nn import ops


def pad(op: ops.Pad, site: Site) -> None:
    """Writes Pad."""
    inputs = [*site.inputs, site.whole(op.pads)]
    if op.mode == "constant":
        inputs.append(site.constant(op.value, site.specs[0].dtype))
    site.result("Pad", *inputs, mode=op.mode)


FORMS: Final[Forms] = {ops.Pad: pad}
