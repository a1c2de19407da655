"""Operators that give the same elements another shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vega_core.backend.writing import Lowering, Site, literal
from vega_core.nn import ops
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axes_of


def flatten(op: ops.Flatten, site: Site) -> str:
    """Lowers Flatten."""
    x, rank = site.inputs[0], len(site.specs[0].shape)
    if op.axis == 0:
        return f"{x}.reshape(1, -1)"
    if op.axis == rank:
        return f"{x}.reshape(-1, 1)"
    head = x if op.axis == 1 else f"{x}.flatten(0, {literal(op.axis - 1)})"
    return f"{head}.flatten(1)"


def reshape(op: ops.Reshape, site: Site) -> str:
    """Lowers Reshape; a copied dimension is read from the array."""
    x = site.inputs[0]
    sizes = [f"{x}.shape[{i}], " if d == 0 else f"{literal(d)}, " for i, d in enumerate(op.shape)]
    return f"{x}.reshape(({''.join(sizes)}))"


def transpose(op: ops.Transpose, site: Site) -> str:
    """Lowers Transpose."""
    return f"{site.inputs[0]}.permute({literal(op.perm)})"


def expand(op: ops.Expand, site: Site) -> str:
    """Lowers Expand; -1 leaves an axis as it is."""
    (x,), (spec,) = site.inputs, site.specs
    (result,) = op.infer(spec)
    old = (None,) * (len(result.shape) - len(spec.shape)) + spec.shape
    pairs = zip(old, result.shape, strict=True)
    return f"{x}.expand({literal(tuple([-1 if a == b else b for a, b in pairs]))})"


def squeeze(op: ops.Squeeze, site: Site) -> str:
    """Lowers Squeeze."""
    return f"{site.inputs[0]}.squeeze({literal(op.axes)})"


def unsqueeze(op: ops.Unsqueeze, site: Site) -> str:
    """Lowers Unsqueeze."""
    axes = axes_of(op.axes, (1,) * (len(site.specs[0].shape) + len(op.axes)))
    return site.inputs[0] + "".join(f".unsqueeze({literal(axis)})" for axis in sorted(axes))


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Expand: expand,
    ops.Flatten: flatten,
    ops.Reshape: reshape,
    ops.Squeeze: squeeze,
    ops.Transpose: transpose,
    ops.Unsqueeze: unsqueeze,
}
