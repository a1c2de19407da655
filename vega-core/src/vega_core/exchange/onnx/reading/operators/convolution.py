"""Convolutions and their transposes; weights are laid out as ours."""

from __future__ import annotations

from typing import Final

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.operators.windows import windows_of
from vega_core.exchange.onnx.reading.site import Readings, Site
from vega_core.exchange.onnx.reading.values import Value, of_file
from vega_core.nn import ops


def conv(site: Site) -> Value:
    """Reads Conv."""
    x, weight = site.values(2)
    bias, shape = site.optional(2), of_file(weight, "weight").spec.shape
    windows = windows_of(site, x.spec.shape[2:], shape[2:])
    op = ops.Conv(
        out_channels=shape[0],
        kernel_shape=windows.kernel,
        strides=windows.strides,
        pads=windows.pads,
        dilations=windows.dilations,
        group=site.whole("group", 1),
        bias=bias is not None,
    )
    return site.emit(op, x, weight=weight, bias=bias)


def conv_transpose(site: Site) -> Value:
    """Reads ConvTranspose."""
    x, weight = site.values(2)
    bias, shape, spatial = site.optional(2), of_file(weight, "weight").spec.shape, x.spec.shape[2:]
    if site.text("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise site.refuse("auto_pad", site.text("auto_pad", ""))
    windows = windows_of(site, spatial, shape[2:])
    more = site.wholes("output_padding") or (0,) * len(spatial)
    pads, group = windows.pads, site.whole("group", 1)
    wanted = site.wholes("output_shape")
    if wanted is not None:
        pads = _cut(site, spatial, windows.kernel, windows.strides, windows.dilations, more, wanted)
    op = ops.ConvTranspose(
        out_channels=shape[1] * group,
        kernel_shape=windows.kernel,
        strides=windows.strides,
        pads=pads,
        dilations=windows.dilations,
        output_padding=more,
        group=group,
        bias=bias is not None,
    )
    return site.emit(op, x, weight=weight, bias=bias)


def _cut(site: Site, *sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the pads that give an output of the wanted sizes."""
    pairs = []
    for size, k, s, d, more, wanted in zip(*sizes, strict=True):
        total = s * (size - 1) + more + d * (k - 1) + 1 - wanted
        if total < 0:
            raise ModelError(f"{site.kind} of an output_shape beyond what its windows reach")
        pairs.append((total - total // 2, total // 2))
    return (*(begin for begin, _ in pairs), *(end for _, end in pairs))


READINGS: Final[Readings] = {"Conv": conv, "ConvTranspose": conv_transpose}
