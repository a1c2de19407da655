"""Operators that decide what is computed and what is differentiated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn.initializers import ZEROS
from vega_core.nn.ops.checks import ANY, taken, typed
from vega_core.nn.primitive import Call, Kind, Mode, ParameterSpec, Primitive
from vega_core.nn.shapes import Shape, TensorSpec, show


@dataclass(frozen=True)
class StopGradient(Primitive):
    """The input, through which no gradient flows; ONNX knows it as Identity."""

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        (x,) = taken(self, inputs, 1)
        return (x,)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (call.inputs[0],)


@dataclass(frozen=True)
class Parameter(Primitive):
    """A parameter used as a value: no input, the output is the parameter ``value`` itself.

    Attributes:
        shape: Its shape.
        kind: What training does to it; see `vega_core.nn.ParameterSpec`.
        dtype: Its element type.
    """

    shape: Shape
    kind: Kind = "weight"
    dtype: str = "float32"

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        taken(self, inputs, 0)
        if min(self.shape, default=1) < 1:
            raise ShapeError(f"a parameter needs positive sizes, and got {show(self.shape)}")
        value = TensorSpec(self.shape, self.dtype)
        typed(self, value, ANY)
        return (value,)

    def parameters(self, *_inputs: TensorSpec) -> Mapping[str, ParameterSpec]:
        return {"value": ParameterSpec(self.shape, ZEROS, self.kind, self.dtype)}

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (call.params["value"],)


@dataclass(frozen=True)
class ByMode(Primitive):
    """One of two values: the first in training, the second in evaluation.

    It is decided when a graph's mode is (`vega_core.nn.Graph.in_mode`), so no backend computes it,
    nor what only the other mode needs.

    Attributes:
        mode: Fixed here, or None: as the graph runs.
    """

    mode: Mode | None = None

    @property
    def place(self) -> int:
        """Which input it is, once the mode is known."""
        return 0 if self.mode == "train" else 1

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        train, evaluation = taken(self, inputs, 2)
        if train != evaluation:
            raise ShapeError(f"in training it would be {train}, in evaluation {evaluation}")
        return (train,)

    def in_mode(self, mode: Mode) -> ByMode:
        return self if self.mode else replace(self, mode=mode)

    def reference(self, call: Call) -> tuple[Array, ...]:
        return (call.inputs[self.place],)


@dataclass(frozen=True)
class Choice(Primitive):
    """One of several values of one specification, by a control.

    Inputs: the index, int64 of shape (), which is a control of the graph and never computed; then
    the candidates. What only another candidate needs is neither computed nor differentiated, and
    takes no update at all: its parameters, slots and statistics keep their bytes.
    """

    def infer(self, *inputs: TensorSpec) -> tuple[TensorSpec, ...]:
        index, *candidates = taken(self, inputs, max(len(inputs), 1))
        if (index.shape, index.dtype) != ((), "int64"):
            raise ShapeError(f"a choice is made by one int64 number, and got {index}")
        for number, candidate in enumerate(candidates):
            if candidate != candidates[0]:
                raise ShapeError(
                    f"candidates of a choice differ: number 0 gives {candidates[0]} and "
                    f"number {number} gives {candidate}"
                )
        if not candidates:
            raise ShapeError("a choice among no candidates")
        return (candidates[0],)

    def reference(self, call: Call) -> tuple[Array, ...]:
        index, *candidates = call.inputs
        return (candidates[int(index)],)
