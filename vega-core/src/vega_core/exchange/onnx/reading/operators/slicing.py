"""Operators that join arrays along an axis, take them apart, and pad them."""

from __future__ import annotations

from typing import Final

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.site import Readings, Site, sizes_in
from vega_core.exchange.onnx.reading.sizes import Size, Whole, shape_of
from vega_core.exchange.onnx.reading.values import Known, Value
from vega_core.nn import ops
from vega_core.nn.ops.slicing import END
from vega_core.nn.shapes import axes_of, axis_of, show

_FAR: Final = 2**31 - 1
"""Places from here on mean the end."""


def concat(site: Site) -> Value:
    """Reads Concat."""
    values = site.values(max(len(site.inputs), 1))
    if len(values) == 1:
        return values[0]
    return site.emit(ops.Concat(site.whole("axis")), *values)


def split(site: Site) -> tuple[Value, ...]:
    """Reads Split: into parts of given sizes, or as many equal ones as there are outputs."""
    (x,), count = site.values(1), len(site.wanted)
    axis = axis_of(site.whole("axis", 0), x.spec.shape)
    size, given = x.spec.shape[axis], site.optional(1)
    if given is not None:
        sizes = shape_of(sizes_in(given, "the sizes"))
    else:
        count = site.whole("num_outputs", count)
        if count != len(site.wanted) or not 1 <= count <= abs(size):
            raise ModelError(f"Split of {show(x.spec.shape)} into {count} parts")
        part = -(-size // count) if size > 0 else size // count
        sizes = (*(part,) * (count - 1), size - part * (count - 1))
    return site.emit_all(ops.Split(axis, sizes), x)


def take(site: Site) -> Value:
    """Reads Slice."""
    x, first, last = site.values(3)
    shape = x.spec.shape
    starts, ends = sizes_in(first, "the starts"), sizes_in(last, "the ends")
    axes = site.axes(3)
    places = axes_of(axes if axes is not None else range(len(starts)), shape)
    steps = site.axes(4, "steps") or (1,) * len(places)
    if not len(starts) == len(ends) == len(places) == len(steps):
        raise ModelError("Slice has not one start, end and step an axis")
    chosen = [
        (start, end, axis, step)
        for start, end, axis, step in (
            (*_bounds(starts[i], ends[i], steps[i], shape[axis]), axis, steps[i])
            for i, axis in enumerate(places)
        )
        if (start, end, step) != (0, END, 1)
    ]
    if not chosen:
        return x
    columns = [tuple(column) for column in zip(*chosen, strict=True)]
    if isinstance(x, Known) and not _some(chosen, shape):
        return Known(x.array[_slices(chosen, len(shape))], x.dtype)
    return site.emit(ops.Slice(columns[0], columns[1], columns[2], columns[3]), x)


def _bounds(start: Whole, end: Whole, step: int, size: int) -> tuple[int, int]:
    """Returns the first place and the end of a slice as ours has them."""
    batch = Size(-size) if size < 0 else None
    if isinstance(start, Size):
        start = END if start == batch else _refused(start)
    if isinstance(end, Size):
        end = END if end == batch else _refused(end)
    if size < 0 and step > 0 and start == 0 and end >= _FAR:
        return 0, END
    if end >= _FAR or (step > 0 and start >= 0 and 0 <= size <= end):
        end = END
    if end <= -_FAR:
        end = -END
    return max(min(start, END), -END), end


def _refused(one: Size) -> int:
    raise ModelError(f"Slice to {one}")


def _some(chosen: list[tuple[int, int, int, int]], shape: tuple[int, ...]) -> bool:
    """Returns whether a slice leaves anything, as those of the graph must."""
    return all(
        len(range(*slice(start, _end(end), step).indices(shape[axis]))) > 0
        for start, end, axis, step in chosen
    )


def _slices(chosen: list[tuple[int, int, int, int]], rank: int) -> tuple[slice, ...]:
    slices = [slice(None)] * rank
    for start, end, axis, step in chosen:
        slices[axis] = slice(start, _end(end), step)
    return tuple(slices)


def _end(end: int) -> int | None:
    return None if abs(end) == END else end


def pad(site: Site) -> Value:
    """Reads Pad; what is negative is cut."""
    (x,) = site.values(1)
    shape = x.spec.shape
    pads = site.axes(1, "pads")
    axes = site.axes(3)
    if pads is None:
        raise ModelError("Pad needs pads")
    places = axes_of(axes, shape) if axes is not None else tuple(range(len(shape)))
    if len(pads) != 2 * len(places):
        raise ModelError(f"Pad of {len(places)} axes by {pads}")
    begins, ends = [0] * len(shape), [0] * len(shape)
    for place, axis in enumerate(places):
        begins[axis], ends[axis] = pads[place], pads[place + len(places)]
    mode, value = site.text("mode", "constant"), site.scalar(2, "the value")
    if mode not in ("constant", "reflect", "edge"):
        raise site.refuse("mode", mode)
    cut = [axis for axis in range(len(shape)) if min(begins[axis], ends[axis]) < 0]
    if cut:
        starts = tuple(max(-begins[axis], 0) for axis in cut)
        lasts = tuple(min(ends[axis], 0) or END for axis in cut)
        x = site.emit(ops.Slice(starts, lasts, tuple(cut), (1,) * len(cut)), x)
    around = tuple(max(one, 0) for one in (*begins, *ends))
    if not any(around):
        return x
    number = float(value or 0) if mode == "constant" else 0.0
    return site.emit(ops.Pad(around, number, mode), x)  # type: ignore[arg-type]


READINGS: Final[Readings] = {"Concat": concat, "Pad": pad, "Slice": take, "Split": split}
