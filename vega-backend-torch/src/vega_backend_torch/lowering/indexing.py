"""Operators that read and write by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch

from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive

_REDUCED: Final = {"mul": "prod", "max": "amax", "min": "amin"}


def gather(op: ops.Gather, site: Site) -> str:
    """Lowers Gather; PyTorch's subscripts count from the end too."""
    axis = op.axis % len(site.specs[0].shape)
    return f"{site.inputs[0]}[{':, ' * axis}{as_int64(site, 1)}]"


def gather_elements(op: ops.GatherElements, site: Site) -> str:
    """Lowers GatherElements."""
    return f"torch.gather({site.inputs[0]}, {literal(op.axis)}, {_places(op, site)})"


def scatter_elements(op: ops.ScatterElements, site: Site) -> str:
    """Lowers ScatterElements."""
    x, _, updates = site.inputs
    arguments = f"{literal(op.axis)}, {_places(op, site)}, {updates}"
    if op.reduction == "none":
        return f"{x}.scatter({arguments})"
    if op.reduction == "add":
        return f"{x}.scatter_add({arguments})"
    return f"{x}.scatter_reduce({arguments}, {literal(_REDUCED[op.reduction])})"


def embedding(op: ops.Embedding, site: Site) -> str:  # noqa: ARG001
    """Lowers Embedding; a table that is updated row by row gets a sparse gradient."""
    sparse = ", sparse=True" if "weight" in site.by_row else ""
    return f"F.embedding({as_int64(site, 0)}, {site.params['weight']}{sparse})"


def wrapped(indices: torch.Tensor, size: int) -> torch.Tensor:
    """Returns numbers of which negative ones count from the end, counted from the front."""
    return torch.where(indices < 0, indices + size, indices)


def as_int64(site: Site, place: int) -> str:
    """Returns an input as int64, the one type that PyTorch takes everywhere."""
    x, spec = site.inputs[place], site.specs[place]
    return x if spec.dtype == "int64" else f"{x}.long()"


def _places(op: ops.GatherElements | ops.ScatterElements, site: Site) -> str:
    return f"wrapped({as_int64(site, 1)}, {site.inputs[0]}.shape[{literal(op.axis)}])"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Embedding: embedding,
    ops.Gather: gather,
    ops.GatherElements: gather_elements,
    ops.ScatterElements: scatter_elements,
}
