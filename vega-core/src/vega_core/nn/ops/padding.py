"""Padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import fits, taken
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, show

PadMode = Literal["constant", "reflect", "edge"]


@dataclass(frozen=True)
class Pad(Primitive):
    """ONNX Pad: more elements around the input.

    Attributes:
        pads: Elements added, first before every axis and then after every axis.
        value: The value added in mode ``constant``.
        mode: ``constant``; ``reflect``, the input mirrored at its first and last element, which
            are not repeated; ``edge``, the first and last element again.
    """

    pads: Shape
    value: float = 0.0
    mode: PadMode = "constant"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        rank = len(x.shape)
        if len(self.pads) != 2 * rank or min(self.pads, default=0) < 0:
            raise ShapeError(f"pads {self.pads} do not fit {show(x.shape)}: two an axis, none < 0")
        sides = list(zip(self.pads[:rank], self.pads[rank:], strict=True))
        if any(max(pair) and size < 1 for pair, size in zip(sides, x.shape, strict=True)):
            raise ShapeError(f"pads {self.pads} would grow the batch of {show(x.shape)}")
        self._check_values(x)
        shape = tuple([size + sum(pair) for size, pair in zip(x.shape, sides, strict=True)])
        return (TensorSpec(shape, x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        around = list(zip(self.pads[: x.ndim], self.pads[x.ndim :], strict=True))
        if self.mode != "constant":
            return (np.pad(x, around, self.mode),)
        return (np.pad(x, around, constant_values=np.asarray(self.value, x.dtype)),)

    def _check_values(self, x: TensorSpec) -> None:
        if self.mode not in ("constant", "reflect", "edge"):
            raise ShapeError(f"there is no mode {self.mode!r} of padding")
        mirrored = self.mode == "reflect" and any(
            pad >= size > 0 for pad, size in zip(self.pads, x.shape * 2, strict=True)
        )
        if mirrored:
            raise ShapeError(f"{show(x.shape)} is too small to mirror {self.pads} elements")
        if self.mode == "constant" and not fits(self.value, x.dtype):
            raise ShapeError(f"{x} cannot hold the value {self.value}")
