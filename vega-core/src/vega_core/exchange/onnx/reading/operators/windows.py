"""The windows of convolutions and poolings, as attributes say them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vega_core.errors import ModelError
from vega_core.exchange.onnx.reading.site import Site
from vega_core.nn.shapes import Shape

_LARGEST: Final = 2**16
"""Of a window, a step or a padding; what is larger was not made by people."""


@dataclass(frozen=True)
class Windows:
    """Sizes of windows, one an axis; of pads first all begins and then all ends."""

    kernel: Shape
    strides: Shape
    pads: Shape
    dilations: Shape


def windows_of(site: Site, spatial: Sequence[int], kernel: Shape | None = None) -> Windows:
    """Returns the windows of a node over axes of these sizes.

    Args:
        site: The node.
        spatial: Sizes of the input's spatial axes.
        kernel: Sizes of the windows, where the attribute may be left out.
    """
    rank = len(spatial)
    shape = site.wholes("kernel_shape") or kernel
    if shape is None:
        raise ModelError(f"{site.kind} needs the attribute 'kernel_shape'")
    strides = site.wholes("strides") or (1,) * rank
    dilations = site.wholes("dilations") or (1,) * rank
    pads = site.wholes("pads") or (0,) * (2 * rank)
    sizes = (*shape, *strides, *dilations, *pads)
    whole = (len(shape), len(strides), len(dilations), len(pads)) == (rank, rank, rank, 2 * rank)
    if not whole or not all(abs(size) <= _LARGEST for size in sizes):
        raise ModelError(
            f"{site.kind} over {rank} axes with kernel {shape}, strides {strides}, dilations "
            f"{dilations} and pads {pads}"
        )
    auto = site.text("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        pads = same(spatial, shape, strides, dilations, auto == "SAME_UPPER")
    elif auto == "VALID":
        pads = (0,) * (2 * rank)
    elif auto != "NOTSET":
        raise site.refuse("auto_pad", auto)
    return Windows(shape, strides, pads, dilations)


def same(
    spatial: Sequence[int], kernel: Shape, strides: Shape, dilations: Shape, upper: bool
) -> Shape:
    """Returns the pads with which there are as many windows as steps fit in the input."""
    halves = []
    for size, k, s, d in zip(spatial, kernel, strides, dilations, strict=True):
        total = max((-(-size // s) - 1) * s + d * (k - 1) + 1 - size, 0)
        halves.append((total // 2, total - total // 2))
    pairs = halves if upper else [(b, a) for a, b in halves]
    return (*(begin for begin, _ in pairs), *(end for _, end in pairs))
