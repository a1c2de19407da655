"""Operators that change the resolution of pictures, and the order of channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import FLOATS, taken
from vega_core.nn.primitive import Call, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, show

Interpolation = Literal["nearest", "linear"]


@dataclass(frozen=True)
class Resize(Primitive):
    """ONNX Resize of one to three spatial axes to given sizes.

    Input (N, C, *spatial), output (N, C, *size). Place i of n reads the input of s elements at

    - ``nearest``: floor(i * s / n) (ONNX: asymmetric, floor);
    - ``linear``: (i + 1/2) * s / n - 1/2, not below 0 (ONNX: half_pixel), between two elements;
    - ``linear`` with ``align_corners``: i * (s - 1) / (n - 1), and 0 where n is 1.

    Attributes:
        size: The new spatial sizes.
        mode: ``nearest`` or ``linear`` (bilinear on pictures).
        align_corners: Whether the corners' centres, not their outlines, fall on one another.
    """

    size: Shape
    mode: Interpolation = "nearest"
    align_corners: bool = False

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1, FLOATS)
        rank = len(self.size)
        if rank != len(x.shape) - 2 or not 1 <= rank <= 3 or min(*self.size, *x.shape[2:]) < 1:
            raise ShapeError(
                f"a resize of {show(x.shape)} needs a positive size for each spatial axis, of "
                f"which it takes one to three, and got {self.size}"
            )
        if self.mode not in ("nearest", "linear") or (self.align_corners and self.mode != "linear"):
            corners = " with aligned corners" if self.align_corners else ""
            raise ShapeError(f"{show(x.shape)} cannot be resized by {self.mode!r}{corners}")
        return (TensorSpec((*x.shape[:2], *self.size), x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        for axis, size in enumerate(self.size, 2):
            if self.mode == "nearest":
                x = np.take(x, nearest(x.shape[axis], size), axis)
                continue
            low, high, share = self._between(x.shape[axis], size)
            share = share.reshape(-1, *(1,) * (x.ndim - axis - 1)).astype(x.dtype)
            x = np.take(x, low, axis) * (1 - share) + np.take(x, high, axis) * share
        return (x,)

    def _between(self, old: int, new: int) -> tuple[Array, Array, Array]:
        """Returns the elements that each place lies between, and the share of the second."""
        places = np.arange(new)
        if self.align_corners:
            source = places * (old - 1) / max(new - 1, 1)
        else:
            source = np.maximum((places + 0.5) * old / new - 0.5, 0)
        low = np.minimum(source.astype(np.int64), old - 1)
        return low, np.minimum(low + 1, old - 1), source - low


@dataclass(frozen=True)
class DepthToSpace(Primitive):
    """ONNX DepthToSpace in its mode CRD: pixel shuffle (Shi et al., 2016).

    Input (N, C * blocksize², H, W), output (N, C, H * blocksize, W * blocksize): each
    blocksize² channels that follow one another become a square.

    Attributes:
        blocksize: Side of the squares.
    """

    blocksize: int

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        x = _picture(self, inputs)
        n, c, h, w = x.shape
        if c % self.blocksize**2:
            raise ShapeError(f"squares of {self.blocksize}² do not divide the channels of {x}")
        shape = (n, c // self.blocksize**2, h * self.blocksize, w * self.blocksize)
        return (TensorSpec(shape, x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        (n, c, h, w), b = x.shape, self.blocksize
        squares = x.reshape(n, c // b**2, b, b, h, w).transpose(0, 1, 4, 2, 5, 3)
        return (squares.reshape(n, c // b**2, h * b, w * b),)


@dataclass(frozen=True)
class SpaceToDepth(Primitive):
    """The inverse of `DepthToSpace`: pixel unshuffle; ONNX's SpaceToDepth orders otherwise.

    Input (N, C, H * blocksize, W * blocksize), output (N, C * blocksize², H, W).

    Attributes:
        blocksize: Side of the squares that become channels.
    """

    blocksize: int

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        x = _picture(self, inputs)
        n, c, h, w = x.shape
        if h % self.blocksize or w % self.blocksize:
            raise ShapeError(f"squares of {self.blocksize}² do not divide {x}")
        shape = (n, c * self.blocksize**2, h // self.blocksize, w // self.blocksize)
        return (TensorSpec(shape, x.dtype),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        (n, c, h, w), b = x.shape, self.blocksize
        squares = x.reshape(n, c, h // b, b, w // b, b).transpose(0, 1, 3, 5, 2, 4)
        return (squares.reshape(n, c * b**2, h // b, w // b),)


@dataclass(frozen=True)
class ChannelShuffle(Primitive):
    """Channels dealt out anew, one of each group in turn (Zhang et al., 2018).

    Input and output (N, C, *spatial). Of g groups, output channel i * g + j is the i-th of group j.

    Attributes:
        groups: Number of groups; it divides the channels.
    """

    groups: int

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        if len(x.shape) < 2 or x.shape[1] < 1 or self.groups < 1 or x.shape[1] % self.groups:
            raise ShapeError(f"{self.groups} groups do not divide the channels of {x}")
        return (x,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (x,) = call.inputs
        order = np.arange(x.shape[1]).reshape(self.groups, -1).T.ravel()
        return (np.take(x, order, 1),)


def nearest(old: int, new: int) -> Sequence[int]:
    """Returns the element that each place of a resized axis takes."""
    return [place * old // new for place in range(new)]


def _picture(op: DepthToSpace | SpaceToDepth, inputs: tuple[TensorSpec, ...]) -> TensorSpec:
    (x,) = taken(op, inputs, 1)
    if len(x.shape) != 4 or min(x.shape[1:]) < 1 or op.blocksize < 1:
        raise ShapeError(
            f"{type(op).__name__} with squares of {op.blocksize}² needs (N, C, H, W), and got {x}"
        )
    return x
