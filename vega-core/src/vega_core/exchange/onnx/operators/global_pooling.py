"""Pooling to a given size, and to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vega_core.exchange.onnx.site import Form, Forms, Site
from vega_core.nn import ops

_AXES: Final = 3
"""Spatial axes that runtimes pool over."""


def pooled(whole: str, reduction: str) -> Form:
    """Returns the form of a pooling over everything.

    Args:
        whole: ONNX's name of it.
        reduction: Its reduction, for more axes than a runtime pools over.
    """

    def form(_: ops.GlobalAveragePool | ops.GlobalMaxPool, site: Site) -> None:
        rank = len(site.specs[0].shape)
        if rank - 2 <= _AXES:
            site.result(whole, *site.inputs)
        else:
            site.result(reduction, *site.inputs, site.whole(range(2, rank)))

    return form


def adaptive(kind: str, whole: str, reduction: str) -> Form:
    """Returns the form of an adaptive pooling, which ONNX does not have.

    Where the sizes divide it is a pooling, else one window after another along each axis.

    Args:
        kind: ONNX's pooling over windows.
        whole: Its pooling over everything.
        reduction: Its reduction, for windows of several sizes.
    """

    def form(op: ops.AdaptiveAveragePool | ops.AdaptiveMaxPool, site: Site) -> None:
        (x,), old, new = site.inputs, site.specs[0].shape[2:], op.output_size
        if max(new) == 1:
            site.result(whole, x)
        elif all(size % count == 0 for size, count in zip(old, new, strict=True)):
            steps = [size // count for size, count in zip(old, new, strict=True)]
            site.result(kind, x, kernel_shape=steps, strides=steps)
        else:
            for place, (size, count) in enumerate(zip(old, new, strict=True)):
                x = _along(site, x, reduction, place + 2, _windows(size, count))
            site.result("Identity", x)

    return form


def _windows(size: int, count: int) -> list[tuple[int, int]]:
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def _along(
    site: Site, x: str, reduction: str, axis: int, windows: Sequence[tuple[int, int]]
) -> str:
    axes, parts = site.whole(axis), []
    for begin, end in windows:
        part = site.emit("Slice", x, site.whole(begin), site.whole(end), axes)
        parts.append(site.emit(reduction, part, axes))
    return site.emit("Concat", *parts, axis=axis)


FORMS: Final[Forms] = {
    ops.AdaptiveAveragePool: adaptive("AveragePool", "GlobalAveragePool", "ReduceMean"),
    ops.AdaptiveMaxPool: adaptive("MaxPool", "GlobalMaxPool", "ReduceMax"),
    ops.GlobalAveragePool: pooled("GlobalAveragePool", "ReduceMean"),
    ops.GlobalMaxPool: pooled("GlobalMaxPool", "ReduceMax"),
}
