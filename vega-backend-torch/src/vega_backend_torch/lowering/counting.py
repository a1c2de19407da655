"""Numbers in order, and places in the order of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch

from vega_backend_torch.lowering.indexing import as_int64, wrapped
from vega_backend_torch.lowering.types import element_type
from vega_core.backend.writing import Lowering, Site, literals
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def one_hot(op: ops.OneHot, site: Site) -> str:
    """Lowers OneHot."""
    return f"hot({as_int64(site, 0)}, {literals(op.depth, op.axis)}, {element_type(op.dtype)})"


def numbers(op: ops.Range, site: Site) -> str:  # noqa: ARG001
    """Lowers Range; PyTorch counts in its widest types only."""
    ends, dtype = literals(op.start, op.limit, op.delta), element_type(op.dtype)
    wide = "float64" if op.dtype.startswith("float") else "int64"
    return f"torch.arange({ends}, dtype=torch.{wide}, device=device).to({dtype})"


def hot(indices: torch.Tensor, depth: int, axis: int, dtype: torch.dtype) -> torch.Tensor:
    """Returns a new axis that is 1 at the place of each number; see `ops.OneHot`."""
    places = torch.arange(depth, device=indices.device)
    return (wrapped(indices, depth)[..., None] == places).to(dtype).movedim(-1, axis)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.OneHot: one_hot,
    ops.Range: numbers,
}
