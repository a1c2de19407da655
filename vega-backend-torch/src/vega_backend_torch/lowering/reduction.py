"""Reductions over axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_torch.lowering.types import kept
from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.ops.reduction import Reduction
from vega_core.nn.primitive import Primitive


def reduction(function: str) -> Lowering:
    """Returns the lowering ``function(x, axes, keepdims)``."""
    return lambda op, site: f"{function}({site.inputs[0]}, {_over(op, site)})"


def total(op: ops.ReduceSum, site: Site) -> str:
    """Lowers ReduceSum."""
    return f"torch.sum({site.inputs[0]}, {_over(op, site)}{kept(site.specs[0])})"


def product(op: ops.ReduceProd, site: Site) -> str:
    """Lowers ReduceProd; PyTorch multiplies along one axis at a time."""
    (spec,) = site.specs
    calls = [
        f".prod({literals(axis, op.keepdims)}{kept(spec)})"
        for axis in reversed(op.places(spec.shape))
    ]
    return site.inputs[0] + "".join(calls)


def standard_deviation(op: ops.ReduceStd, site: Site) -> str:
    """Lowers ReduceStd."""
    axes = literal(op.places(site.specs[0].shape))
    options = f"correction={literal(op.correction)}, keepdim={literal(op.keepdims)}"
    return f"torch.std({site.inputs[0]}, {axes}, {options})"


def norm(op: ops.ReduceL2, site: Site) -> str:
    """Lowers ReduceL2."""
    return f"torch.linalg.vector_norm({site.inputs[0]}, 2, {_over(op, site)})"


def _over(op: Reduction, site: Site) -> str:
    return literals(op.places(site.specs[0].shape), op.keepdims)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.ReduceL2: norm,
    ops.ReduceLogSumExp: reduction("torch.logsumexp"),
    ops.ReduceMax: reduction("torch.amax"),
    ops.ReduceMean: reduction("torch.mean"),
    ops.ReduceMin: reduction("torch.amin"),
    ops.ReduceProd: product,
    ops.ReduceStd: standard_deviation,
    ops.ReduceSum: total,
}
