"""Operators that join arrays along an axis, and take them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mindspore import ops as ms_ops

from vega_core.backend.writing import Lowering, Site, literal, literals
from vega_core.nn import ops
from vega_core.nn.ops.slicing import bounds
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import axes_of, axis_of


def concat(op: ops.Concat, site: Site) -> str:
    """Lowers Concat."""
    axis = axis_of(op.axis, site.specs[0].shape)
    return f"ops.concat(({', '.join(site.inputs)},), {literal(axis)})"


def split(op: ops.Split, site: Site) -> str:
    """Lowers Split; parts of the batch are multiples of its size."""
    x, axis = site.inputs[0], axis_of(op.axis, site.specs[0].shape)
    if len(op.sizes) == 1:
        return x
    sizes = literal(tuple(map(abs, op.sizes)))
    unit = f"{x}.shape[{axis}] // {sum(map(abs, op.sizes))}"
    return f"parts({x}, {sizes}, {axis}, {unit if op.sizes[0] < 0 else 1})"


def parts(x: Any, sizes: Sequence[int], axis: int, unit: int) -> tuple[Any, ...]:
    """Returns an array cut along one axis, into parts of so many times ``unit``."""
    made: tuple[Any, ...] = ()
    begin = 0
    for size in sizes:
        made = (*made, cut(x, axis, begin, size * unit))
        begin = begin + size * unit
    return made


def cut(x: Any, axis: int, begin: int, size: int) -> Any:
    """Returns elements that follow one another along one axis."""
    begins = (0,) * axis + (begin,) + (0,) * (x.ndim - axis - 1)
    return ms_ops.slice(x, begins, (*x.shape[:axis], size, *x.shape[axis + 1 :]))


def slicing(op: ops.Slice, site: Site) -> str:
    """Lowers Slice; elements that do not follow one another are picked by number."""
    x, shape = site.inputs[0], site.specs[0].shape
    for place, axis in enumerate(axes_of(op.axes, shape)):
        step, size = op.steps[place], shape[axis]
        if size < 0:
            if step < 0:
                x = f"ReverseV2(({axis},))({x})"
            continue
        first, count = bounds(op.starts[place], op.ends[place], step, size)
        if step == 1 or count == 1:
            x = x if count == size else f"cut({x}, {literals(axis, first, count)})"
        else:
            # MindSpore's strided slices have gradients in steps of 1 alone.
            places = tuple(range(first, first + step * count, step))
            x = f"picked({x}, {literals(axis, places)})"
    return x


LOWERINGS: Final[Mapping[type[Primitive], Lowering]] = {
    ops.Concat: concat,
    ops.Slice: slicing,
    ops.Split: split,
}
