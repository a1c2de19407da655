"""Dense layers and matrix products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.calls import call
from vega_core.backend.writing import Lowering, Site
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def gemm(op: ops.Gemm, site: Site) -> str:  # noqa: ARG001
    """Lowers Gemm."""
    return f"F.linear({site.inputs[0]}, {site.weight}, {site.params.get('bias')})"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Gemm: gemm,
    ops.MatMul: call("torch.matmul"),
}
