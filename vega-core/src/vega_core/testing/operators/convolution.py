"""Uses of the convolutions."""

from __future__ import annotations

from typing import Final

from vega_core.nn import ops
from vega_core.nn.shapes import Shape
from vega_core.testing.operators.case import OperatorCase


def _conv(
    name: str,
    shape: Shape,
    kernel: Shape,
    strides: Shape,
    pads: Shape,
    dilations: Shape | None = None,
    group: int = 1,
    bias: bool = True,
) -> OperatorCase:
    op = ops.Conv(4, kernel, strides, pads, dilations or (1,) * len(kernel), group, bias)
    return OperatorCase(name, op, (shape,))


def _transposed(
    name: str,
    shape: Shape,
    kernel: Shape,
    strides: Shape,
    pads: Shape,
    more: Shape,
    dilations: Shape | None = None,
    group: int = 1,
    bias: bool = True,
) -> OperatorCase:
    ones = (1,) * len(kernel)
    op = ops.ConvTranspose(4, kernel, strides, pads, dilations or ones, more, group, bias)
    return OperatorCase(name, op, (shape,))


CASES: Final = (
    _conv("conv 1d", (-1, 3, 7), (3,), (2,), (1, 1)),
    _conv("conv", (-1, 3, 5, 6), (3, 3), (1, 1), (1, 1, 1, 1)),
    _conv("conv, strided", (-1, 3, 6, 6), (3, 3), (2, 2), (1, 1, 1, 1), bias=False),
    _conv("conv, grouped", (-1, 6, 5, 5), (3, 3), (1, 1), (1, 1, 1, 1), group=2),
    _conv("conv, depthwise", (-1, 4, 5, 5), (3, 3), (1, 1), (1, 1, 1, 1), group=4),
    _conv("conv, dilated", (-1, 3, 6, 6), (3, 2), (1, 1), (2, 1, 2, 1), (2, 3)),
    _conv("conv, uneven pads", (-1, 3, 5, 6), (2, 3), (1, 2), (0, 1, 2, 0)),
    _conv("conv, pointwise", (-1, 3, 5, 6), (1, 1), (1, 1), (0, 0, 0, 0)),
    _conv("conv of several batches", (-2, 3, 5), (3,), (1,), (0, 0)),
    _conv("conv 3d", (-1, 2, 3, 3, 3), (2, 2, 2), (1, 1, 1), (0,) * 6),
    _transposed("transposed conv 1d", (-1, 3, 4), (3,), (2,), (1, 1), (1,)),
    _transposed("transposed conv", (-1, 3, 4, 3), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0)),
    _transposed("transposed conv, stride 1", (-1, 3, 4, 3), (3, 3), (1, 1), (0,) * 4, (0, 0)),
    _transposed(
        "transposed conv, grouped", (-1, 6, 3, 3), (3, 2), (2, 1), (1, 0) * 2, (1, 0), group=2
    ),
    _transposed(
        "transposed conv, depthwise", (-1, 4, 3, 3), (3, 3), (2, 2), (0,) * 4, (0, 0), group=4
    ),
    _transposed(
        "transposed conv, dilated", (-1, 3, 4, 3), (3, 2), (2, 1), (1, 0, 1, 0), (2, 0), (3, 2)
    ),
    _transposed(
        "transposed conv, uneven pads", (-1, 3, 4, 3), (3, 4), (2, 3), (0, 2, 2, 1), (1, 0)
    ),
    _transposed(
        "transposed conv, added more than cut", (-1, 3, 4), (2,), (3,), (1, 0), (2,), bias=False
    ),
    _transposed("transposed conv, mostly cut", (-1, 3, 7), (2,), (2,), (5, 4), (0,)),
    _transposed("transposed conv 3d", (-1, 2, 2, 3, 2), (2, 2, 2), (2, 1, 2), (0,) * 6, (0, 0, 1)),
)
"""Every kind of convolution, over one, two and three axes."""
