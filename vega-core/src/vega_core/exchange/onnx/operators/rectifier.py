"""Rectifiers."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, Site, renamed
from vega_core.nn import ops


def prelu(op: ops.PRelu, site: Site) -> None:
    """Writes PRelu; its weight is broadcast along the channels."""
    (x,), rank = site.inputs, len(site.specs[0].shape)
    shape = (1,) * rank if op.shared else (-1, *(1,) * (rank - 2))
    site.result("PRelu", x, site.emit("Reshape", site.params["weight"], site.whole(shape)))


FORMS: Final[Forms] = {
    ops.Celu: renamed("Celu", "alpha"),
    ops.Elu: renamed("Elu", "alpha"),
    ops.LeakyRelu: renamed("LeakyRelu", "alpha"),
    ops.PRelu: prelu,
    ops.Relu: renamed("Relu"),
    ops.Selu: renamed("Selu", "alpha", "gamma"),
}
