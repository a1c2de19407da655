"""Operators that draw at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch

from vega_backend_torch.lowering.site import Lowering, Site
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive


def dropout(op: ops.Dropout, site: Site) -> str:
    """Lowers Dropout; in evaluation it is its input."""
    x, rate = site.inputs
    return f"masked({x}, {rate}, {site.key})" if op.mode == "train" else x


def masked(x: torch.Tensor, rate: float, key: int) -> torch.Tensor:
    """Returns x with elements zeroed at random and the others scaled up; see `ops.Dropout`."""
    if rate == 0:
        return x
    generator = torch.Generator(x.device).manual_seed(key)
    kept = torch.empty_like(x).bernoulli_(1 - rate, generator=generator)
    return x * kept.div_(1 - rate)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Dropout: dropout,
}
