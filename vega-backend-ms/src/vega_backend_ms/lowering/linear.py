"""Dense layers and matrix products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_ms.lowering.calls import call
from vega_core.backend.writing import Lowering, Site
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def gemm(op: ops.Gemm, site: Site) -> str:
    """Lowers Gemm."""
    y = f"MatMul(False, True)({site.inputs[0]}, {site.weight})"
    return f"ops.bias_add({y}, {site.params['bias']})" if op.bias else y


def matmul(op: ops.MatMul, site: Site) -> str:
    """Lowers MatMul; two matrices have a kernel of their own."""
    if all(len(spec.shape) == 2 for spec in site.specs):
        return f"MatMul()({', '.join(site.inputs)})"
    return call("ops.matmul")(op, site)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Gemm: gemm,
    ops.MatMul: matmul,
}
