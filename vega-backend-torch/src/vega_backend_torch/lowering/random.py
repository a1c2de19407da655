"""Operators that draw at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import torch

from vega_core.backend.writing import Lowering, Site, literal
from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axes_of


def dropout(op: ops.Dropout, site: Site) -> str:
    """Lowers Dropout; in evaluation it is its input."""
    x, shared = site.inputs[0], literal(axes_of(op.shared, site.specs[0].shape))
    if op.mode != "train":
        return x
    return f"masked({x}, {site.number(1)}, {site.key}, {shared})"


def masked(x: torch.Tensor, rate: float, key: int, shared: Sequence[int] = ()) -> torch.Tensor:
    """Returns x with elements zeroed at random and the others scaled up; see `ops.Dropout`.

    Raises:
        ModelError: The rate is no probability.
    """
    if not 0 <= rate <= 1:
        raise ModelError(f"a dropout rate is in [0, 1], and got {rate}")
    if rate == 0:
        return x
    if shared:
        kept = x.new_empty([1 if axis in shared else n for axis, n in enumerate(x.shape)])
    else:
        kept = torch.empty_like(x)
    kept.bernoulli_(1 - rate, generator=_generator(x, key))
    # A rate of 1 keeps nothing, so that any scale does.
    return x * kept.div_(max(1 - rate, 1e-9))


def random(op: ops.Random, site: Site) -> str:
    """Lowers Random; the batch size is read from the input."""
    x = site.inputs[0]
    sizes = [literal(n) if n > 0 else f"{literal(-n)} * {x}.shape[0]" for n in op.shape]
    shape = "".join(f"{size}, " for size in sizes)
    return f"drawn({x}, ({shape}), {literal(op.distribution)}, {site.key})"


def drawn(like: torch.Tensor, shape: Sequence[int], distribution: str, key: int) -> torch.Tensor:
    """Returns draws of the element type of ``like``, if it is of floats; see `ops.Random`."""
    draw = torch.rand if distribution == "uniform" else torch.randn
    dtype = like.dtype if like.is_floating_point() else torch.float32
    return draw(shape, generator=_generator(like, key), dtype=dtype, device=like.device)


def _generator(x: torch.Tensor, key: int) -> torch.Generator:
    return torch.Generator(x.device).manual_seed(key)


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Dropout: dropout,
    ops.Random: random,
}
