"""Operators that read and write by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import mindspore as ms
from mindspore import ops as ms_ops

from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.ops.checks import UNSIGNED
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axis_of


def embedding(op: ops.Embedding, site: Site) -> str:  # noqa: ARG001
    """Lowers Embedding."""
    return f"ops.gather({site.params['weight']}, {as_int64(site, 0)}, 0)"


def gather(op: ops.Gather, site: Site) -> str:
    """Lowers Gather."""
    axis = axis_of(op.axis, site.specs[0].shape)
    return f"ops.gather({site.inputs[0]}, {_places(axis, site)}, {literal(axis)})"


def gather_elements(op: ops.GatherElements, site: Site) -> str:
    """Lowers GatherElements."""
    axis = axis_of(op.axis, site.specs[0].shape)
    return f"ops.gather_elements({site.inputs[0]}, {literal(axis)}, {_places(axis, site)})"


def scatter_elements(op: ops.ScatterElements, site: Site) -> str:
    """Lowers ScatterElements."""
    x, _, updates = site.inputs
    axis = axis_of(op.axis, site.specs[0].shape)
    arguments = f"{x}, {_places(axis, site)}, {updates}, {literal(axis)}"
    if op.reduction in ("none", "add"):
        return f"ops.tensor_scatter_elements({arguments}, {literal(op.reduction)})"
    return f"joined({arguments}, {literal(op.reduction)})"


def picked(x: Any, axis: int, places: Sequence[int]) -> Any:
    """Returns elements along one axis, by number."""
    return ms_ops.gather(x, ms.Tensor(places, ms.int32), axis)


def wrapped(indices: Any, size: int) -> Any:
    """Returns numbers of which negative ones count from the end, counted from the front."""
    return ms_ops.select(indices < 0, indices + size, indices)


def joined(x: Any, indices: Any, updates: Any, axis: int, reduction: str) -> Any:
    """Returns x with updates joined to elements along one axis; see `ops.ScatterElements`."""
    x, indices = ms_ops.swapaxes(x, axis, -1), ms_ops.swapaxes(indices, axis, -1)
    updates = ms_ops.reshape(ms_ops.swapaxes(updates, axis, -1), (-1,))
    shape, flat = x.shape, ms_ops.reshape(x, (-1,))
    places = ms_ops.reshape(indices, (-1, indices.shape[-1]))
    starts = ms_ops.arange(places.shape[0]) * shape[-1]
    places = ms_ops.reshape(places + ms_ops.expand_dims(starts, 1), (-1,))
    if reduction == "mul":
        # MindSpore's own has a wrong gradient where several updates meet at one element.
        flat = flat * ms_ops.unsorted_segment_prod(updates, places, flat.shape[0])
    elif reduction == "max":
        flat = ms_ops.tensor_scatter_max(flat, ms_ops.expand_dims(places, 1), updates)
    else:
        flat = ms_ops.tensor_scatter_min(flat, ms_ops.expand_dims(places, 1), updates)
    return ms_ops.swapaxes(ms_ops.reshape(flat, shape), axis, -1)


def as_int64(site: Site, place: int) -> str:
    """Returns an input as integers that MindSpore counts with."""
    x, spec = site.inputs[place], site.specs[place]
    return x if spec.dtype in ("int32", "int64") else f"ops.cast({x}, ms.int64)"


def _places(axis: int, site: Site) -> str:
    places = as_int64(site, 1)
    if site.specs[1].dtype in UNSIGNED:
        return places
    return f"wrapped({places}, {site.inputs[0]}.shape[{literal(axis)}])"


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Embedding: embedding,
    ops.Gather: gather,
    ops.GatherElements: gather_elements,
    ops.ScatterElements: scatter_elements,
}
