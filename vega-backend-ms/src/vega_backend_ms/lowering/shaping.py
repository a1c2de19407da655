"""Operators that give the same elements another shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_backend_ms.lowering.calls import call
from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axes_of, product


def flatten(op: ops.Flatten, site: Site) -> str:
    """Lowers Flatten; the axes that hold the batch are those that stay open."""
    x, shape = site.inputs[0], site.specs[0].shape
    tail = product(shape[op.axis :])
    head = product(shape[: op.axis])
    sizes = (-1, tail) if tail > 0 else (head, -1)
    return f"ops.reshape({x}, {literal(sizes)})"


def reshape(op: ops.Reshape, site: Site) -> str:
    """Lowers Reshape; a copied dimension is read from the array."""
    x = site.inputs[0]
    sizes = [f"{x}.shape[{i}], " if d == 0 else f"{literal(d)}, " for i, d in enumerate(op.shape)]
    return f"ops.reshape({x}, ({''.join(sizes)}))"


def expand(op: ops.Expand, site: Site) -> str:
    """Lowers Expand; the batch is read from the array."""
    (x,), (spec,) = site.inputs, site.specs
    (result,) = op.infer(spec)
    new = len(result.shape) - len(spec.shape)
    sizes = [
        f"{literal(size)}, " if size >= 0 else f"{x}.shape[{axis - new}], "
        for axis, size in enumerate(result.shape)
    ]
    return f"ops.broadcast_to({x}, ({''.join(sizes)}))"


def squeeze(op: ops.Squeeze, site: Site) -> str:
    """Lowers Squeeze; MindSpore takes no axes for all of them."""
    return f"ops.squeeze({site.inputs[0]}, {literal(op.axes)})" if op.axes else site.inputs[0]


def unsqueeze(op: ops.Unsqueeze, site: Site) -> str:
    """Lowers Unsqueeze."""
    x, rank = site.inputs[0], len(site.specs[0].shape) + len(op.axes)
    for axis in sorted(axes_of(op.axes, (1,) * rank)):
        x = f"ops.expand_dims({x}, {literal(axis)})"
    return x


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Expand: expand,
    ops.Flatten: flatten,
    ops.Reshape: reshape,
    ops.Squeeze: squeeze,
    ops.Transpose: call("ops.transpose", "perm"),
    ops.Unsqueeze: unsqueeze,
}
