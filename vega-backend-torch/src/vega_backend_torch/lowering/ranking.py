"""Running sums, and which elements are the largest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch

from vega_backend_torch.lowering.calls import call
from vega_backend_torch.lowering.types import kept
from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axis_of


def running_sum(op: ops.CumSum, site: Site) -> str:
    """Lowers CumSum; an exclusive one is that of the elements moved by one."""
    (x,), (spec,) = site.inputs, site.specs
    axis = axis_of(op.axis, spec.shape)
    if op.exclusive:
        move = (-1, 1) if op.reverse else (1, -1)
        x = f"F.pad({x}, {literal((0, 0) * (len(spec.shape) - 1 - axis) + move)})"
    along, dtype = literal(axis), kept(spec)
    if op.reverse:
        return f"torch.cumsum({x}.flip({along}), {along}{dtype}).flip({along})"
    return f"torch.cumsum({x}, {along}{dtype})"


def top(x: torch.Tensor, k: int, axis: int, largest: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the first k elements in order, and where they were; see `ops.TopK`.

    PyTorch's own says nothing about the order of equal ones.
    """
    values, places = torch.sort(x, dim=axis, descending=largest, stable=True)
    return values.narrow(axis, 0, k), places.narrow(axis, 0, k)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.ArgMax: call("torch.argmax", "axis", "keepdims"),
    ops.ArgMin: call("torch.argmin", "axis", "keepdims"),
    ops.CumSum: running_sum,
    ops.TopK: call("top", "k", "axis", "largest"),
}
