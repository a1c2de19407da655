"""Operators that draw at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.ops.checks import FLOATS, taken
from vega_core.nn.primitive import Call, Mode, Primitive
from vega_core.nn.shapes import BATCH, Shape, TensorSpec, axes_of, show, with_batch

Distribution = Literal["uniform", "normal"]


@dataclass(frozen=True)
class Dropout(Primitive):
    """ONNX Dropout (Srivastava et al., 2014): in training, zeros at random, the rest scaled up.

    Inputs: x of any shape, and the rate of shape (), a control. In training each element is
    0 with probability ``rate`` and else x / (1 - rate); in evaluation the output is x. The mask
    is a function of (trial seed, step, node).

    Attributes:
        mode: Fixed here, or None: as the graph runs.
        shared: Axes along which one draw holds for all elements: (2, 3) drops whole channels of
            (N, C, H, W), (1, 2, 3) whole samples, which makes drop path.
    """

    mode: Mode | None = None
    shared: Shape = ()

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        x, rate = taken(self, inputs, 2, FLOATS)
        if rate.shape != ():
            raise ShapeError(f"a dropout rate is one number, and got {rate}")
        axes_of(self.shared, x.shape)
        return (x,)

    def in_mode(self, mode: Mode) -> Dropout:
        return self if self.mode else replace(self, mode=mode)

    def reference(self, call: Call) -> tuple[Array, ...]:
        x, rate = call.inputs
        if self.mode != "train" or rate == 0:
            return (x,)
        shape = np.array(x.shape)
        shape[list(self.shared)] = 1
        kept = _generator(call).random(tuple(shape)) >= rate
        # A rate of 1 keeps nothing, so that any scale does.
        return (np.where(kept, x / max(1 - float(rate), 1e-9), 0).astype(x.dtype),)


@dataclass(frozen=True)
class Random(Primitive):
    """Numbers that are drawn anew at each step; a function of (trial seed, step, node).

    Input: any tensor, which gives the batch size, and the element type where it is of floats. No
    gradient flows into it.

    Attributes:
        shape: Shape of the output; -k is k times the batch size, which the input's first axis has.
        distribution: ``uniform`` in [0, 1), or ``normal`` of mean 0 and variance 1.
    """

    shape: Shape
    distribution: Distribution = "uniform"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (like,) = taken(self, inputs, 1)
        if self.distribution not in ("uniform", "normal"):
            raise ShapeError(f"{show(self.shape)} drawn of unknown kind {self.distribution!r}")
        if 0 in self.shape or (min(self.shape, default=1) < 0 and like.shape[:1] != (BATCH,)):
            raise ShapeError(f"cannot draw {show(self.shape)} for a batch like {like}")
        return (TensorSpec(self.shape, like.dtype if like.dtype in FLOATS else "float32"),)

    def reference(self, call: Call) -> tuple[Array, ...]:
        (like,) = call.inputs
        shape = with_batch(self.shape, len(like))
        dtype = like.dtype if like.dtype.kind == "f" else np.dtype(np.float32)
        drawn = np.float64 if dtype == np.float64 else np.float32
        generator = _generator(call)
        draw = generator.random if self.distribution == "uniform" else generator.standard_normal
        return (np.asarray(draw(shape, drawn), dtype),)


def _generator(call: Call) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(call.key))
