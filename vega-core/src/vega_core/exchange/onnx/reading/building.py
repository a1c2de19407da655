"""The graph while a file is read: emits operators, or computes what is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from vega_core.errors import ModelError, ShapeError
from vega_core.exchange.onnx.reading.folding import Folding
from vega_core.exchange.onnx.reading.sizes import parts_of
from vega_core.exchange.onnx.reading.values import Computed, Known, Value, Weight, known, of_file
from vega_core.nn import ops
from vega_core.nn.draft import Draft
from vega_core.nn.graph import ControlSpec
from vega_core.nn.initializers import Initializer
from vega_core.nn.initializers import Stored as Beginning
from vega_core.nn.ops.constant import numbers
from vega_core.nn.primitive import Kind, Primitive
from vega_core.nn.shapes import BATCH, Shape, TensorSpec, show

_LAYOUTS: Final = (
    ops.Flatten,
    ops.Identity,
    ops.Reshape,
    ops.Squeeze,
    ops.Transpose,
    ops.Unsqueeze,
)
"""Operators that lay an array out otherwise."""
_LARGE: Final = 64
"""Constants of more elements are parameters that nothing trains, and no part of programs."""
_KINDS: Final[Mapping[type[Primitive], Kind]] = {
    ops.Add: "bias",
    ops.Sub: "bias",
    ops.Mul: "norm",
    ops.Div: "norm",
}
"""What a vector is of which all an operator does is to add or multiply by it."""


class Building:
    """Emits operators.

    Args:
        source: What the file is called.

    Attributes:
        draft: The graph so far.
        folding: What computes known numbers.
    """

    def __init__(self, source: str) -> None:
        self.draft = Draft()
        self.folding = Folding()
        self._source = source
        self._parameters: dict[str, Computed] = {}
        self._layouts: dict[str, tuple[Primitive, ...]] = {}
        self._zeros: Value | None = None

    def input(self, name: str, spec: TensorSpec) -> Computed:
        """Adds an input."""
        self.draft.input(name, spec)
        return Computed(name, spec)

    def emit(
        self, name: str, op: Primitive, inputs: Sequence[Value], params: Mapping[str, Value]
    ) -> tuple[Value, ...]:
        """Adds an operator, or computes it where all is known.

        Args:
            name: The node's name.
            op: The operator.
            inputs: What it reads.
            params: What its parameters begin with, by role.
        """
        constants = [value for value in inputs if isinstance(value, Known)]
        if inputs and len(constants) == len(inputs) and not params:
            folded = self.folding.fold(op, constants)
            if folded is not None:
                return folded
        if isinstance(op, _LAYOUTS) and isinstance(inputs[0], Weight) and inputs[0].single:
            return (inputs[0].moved(op),)
        taken = [self.computed(name, value, op) for value in inputs]
        return self._add(name, op, taken, params)

    def computed(self, name: str, value: Value, reader: Primitive | None = None) -> Computed:
        """Returns a value as one of the graph.

        Args:
            name: The node that reads it.
            value: The value.
            reader: What reads it, which says what kind of parameter it is.
        """
        if isinstance(value, Computed):
            return value
        if isinstance(value, Weight):
            if value.name not in self._parameters:
                self._parameters[value.name] = self._parameter(value, reader)
            self._check_layout(value)
            return self._parameters[value.name]
        if value.symbolic:
            return self._of_batch(name, value)
        if value.array.size > _LARGE:
            op = ops.Parameter(value.array.shape, "constant", value.dtype)
            return _one(self._add(f"{name}.constant", op, (), {"value": value}))
        constant = ops.Constant(numbers(value.array), value.dtype)
        return _one(self._add(f"{name}.constant", constant, (), {}))

    def every_sample(self, value: Value, axis: int) -> Value:
        """Returns a value of size 1 along an axis as one of the batch's size, for each sample."""
        rank = len(value.spec.shape)
        shape = tuple(-1 if place == axis else 1 for place in range(rank))
        zero = self.computed("batch", known(np.asarray(0)))
        always = self._add("batch", ops.GreaterOrEqual(), [*self._samples(), zero], {})
        rows = self._add("batch", ops.Reshape(shape), [_one(always)], {})
        taken = self.computed("batch", value)
        return self._add("batch", ops.Where(), [_one(rows), taken, taken], {})[0]

    def dropout_rate(self, name: str, rate: float) -> Value:
        """Adds the control of a dropout."""
        label, number = f"{name}.rate", 1
        while label in self.draft.specs:
            number += 1
            label = f"{name}_{number}.rate"
        control = ControlSpec(rate)
        self.draft.control(label, control)
        return Computed(label, control.spec)

    def _parameter(self, value: Weight, reader: Primitive | None) -> Computed:
        vector = sum(size > 1 for size in value.spec.shape) <= 1
        kind: Kind = "weight"
        if vector and reader is not None:
            kind = _KINDS.get(type(reader), "weight")
        op = ops.Parameter(value.spec.shape, kind, value.spec.dtype)
        return _one(self._add(value.name, op, (), {"value": value}))

    def _add(
        self,
        name: str,
        op: Primitive,
        inputs: Sequence[Computed],
        params: Mapping[str, Value],
    ) -> tuple[Computed, ...]:
        names = {role: _name(f"{name}.{role}", value) for role, value in params.items()}
        base = _owner(names) if params and inputs else name
        made = self.draft.add(
            base or name,
            op,
            [value.name for value in inputs],
            names,
            self._beginnings(op, [value.spec for value in inputs], params),
            base or name,
            name,
        )
        return tuple(Computed(value, spec) for value, spec in made)

    def _beginnings(
        self, op: Primitive, specs: Sequence[TensorSpec], params: Mapping[str, Value]
    ) -> dict[str, Initializer | None]:
        """Returns how parameters begin, by role.

        Raises:
            ModelError: One is computed, or missing.
            ShapeError: One is of another shape or type than is needed.
        """
        op.infer(*specs)  # so that an error names the node of the file alone
        if not params:
            return {}
        beginnings: dict[str, Initializer | None] = {}
        for role, wanted in op.parameters(*specs).items():
            value = of_file(params.get(role), role)
            if (value.spec.shape, value.spec.dtype) != (wanted.shape, wanted.dtype):
                raise ShapeError(
                    f"its {role} is {value.spec}, and must be {show(wanted.shape)} {wanted.dtype}"
                )
            beginnings[role] = self._beginning(value, wanted.shape, wanted.init)
        return beginnings

    def _beginning(
        self, value: Weight | Known, shape: Shape, otherwise: Initializer
    ) -> Initializer:
        if isinstance(value, Weight):
            self._check_layout(value)
            return Beginning(self._source, value.name, shape, otherwise, value.array)
        array = value.array
        return Beginning(self._source, "", shape, otherwise, lambda: np.array(array))

    def _check_layout(self, value: Weight) -> None:
        """Checks that a parameter is laid out in one way wherever it is read."""
        if self._layouts.setdefault(value.name, value.layout) != value.layout:
            raise ModelError(f"{value.name!r} is read in two layouts")

    def _of_batch(self, name: str, value: Known) -> Computed:
        """Emits numbers that the batch size is in."""
        times, plus = (known(part.astype(value.dtype)) for part in parts_of(value.array))
        one = self.computed(name, known(np.asarray(1)))
        ones = self._add(name, ops.Add(), [*self._samples(), one], {})
        count: Computed = _one(self._add(name, ops.ReduceSum(keepdims=False), ones, {}))
        if value.dtype != "int64":
            count = _one(self._add(name, ops.Cast(value.dtype), [count], {}))
        product = self._add(name, ops.Mul(), [count, self.computed(name, times)], {})
        return _one(self._add(name, ops.Add(), [*product, self.computed(name, plus)], {}))

    def _samples(self) -> tuple[Computed]:
        """Returns a zero a sample, whatever the samples are: (N,) of int64."""
        if isinstance(self._zeros, Computed):
            return (self._zeros,)
        inputs = [Computed(name, spec) for name, spec in self.draft.inputs.items()]
        found = [x for x in inputs if _of_samples(x.spec)]
        if not found:
            raise ModelError("no input has the batch as its first axis, and the batch is needed")
        x: tuple[Computed, ...] = (found[0],)
        spec = found[0].spec
        if rank := len(spec.shape) - 1:
            one = ops.Slice((0,) * rank, (1,) * rank, tuple(range(1, rank + 1)), (1,) * rank)
            x = self._add("batch", one, x, {})
        x = self._add("batch", ops.Reshape((-1, 1)), x, {})
        if spec.dtype == "bool":
            x = self._add("batch", ops.Cast("int64"), x, {})
        self._zeros = _one(self._add("batch", ops.ArgMax(1, keepdims=False), x, {}))
        return (self._zeros,)


def _of_samples(spec: TensorSpec) -> bool:
    return spec.shape[:1] == (BATCH,) and min(spec.shape[1:], default=1) > 0


def _one(values: Sequence[Computed]) -> Computed:
    return values[0]


def _name(label: str, value: Value) -> str:
    return value.name if isinstance(value, Weight) else label


def _owner(names: Mapping[str, str]) -> str:
    """Returns what has all the parameters, by their names: ``fc`` of ``fc.weight``."""
    owners = {name.rpartition(".")[0] for name in names.values()}
    return owners.pop() if len(owners) == 1 else ""
