"""Dense layers and matrix products."""

from __future__ import annotations

from typing import Final

from vega_core.exchange.onnx.site import Forms, Site, renamed
from vega_core.nn import ops


def gemm(_: ops.Gemm, site: Site) -> None:
    """Writes Gemm with the weight (out, in)."""
    site.result("Gemm", *site.inputs, *site.params.values(), transB=1)


FORMS: Final[Forms] = {ops.Gemm: gemm, ops.MatMul: renamed("MatMul")}
