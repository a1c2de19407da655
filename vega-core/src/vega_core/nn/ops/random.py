"""Operators that draw at random."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.primitive import Call, Mode, Primitive
from vega_core.nn.shapes import TensorSpec


@dataclass(frozen=True)
class Dropout(Primitive):
    """ONNX Dropout (Srivastava et al., 2014): in training, zeros at random, the rest scaled up.

    Inputs: x of any shape, and the rate of shape (), a control. In training each element is
    0 with probability ``rate`` and else x / (1 - rate); in evaluation the output is x. The mask
    is a function of (trial seed, step, node).

    Attributes:
        mode: Fixed here, or None: as the graph runs.
    """

    mode: Mode | None = None

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        x, rate = inputs
        if rate.shape != ():
            raise ShapeError(f"a dropout rate is one number, and got {rate}")
        return (x,)

    def in_mode(self, mode: Mode) -> Dropout:
        return self if self.mode else replace(self, mode=mode)

    def reference(self, call: Call) -> tuple[Array, ...]:
        x, rate = call.inputs
        if self.mode != "train" or rate == 0:
            return (x,)
        kept = np.random.Generator(np.random.Philox(call.key)).random(x.shape) >= rate
        return (x * kept / (1 - rate),)
