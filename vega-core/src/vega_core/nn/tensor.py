"""Symbolic tensors: what a network's `forward` receives and returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeAlias

from vega_core.arrays import Array
from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.ops.constant import numbers
from vega_core.nn.shapes import Shape, TensorSpec, show
from vega_core.nn.subscripts import Subscript, subscripted

if TYPE_CHECKING:
    from vega_core.nn.primitive import Primitive
    from vega_core.nn.tracing import Tracer

Operand: TypeAlias = "Tensor | float | Array"
"""What arithmetic takes beside a tensor: numbers and arrays become constants."""


class Tensor:
    """A value of the graph that is being traced; it has a shape and no elements.

    Attributes:
        spec: Shape and element type.
        value: Name of the value in the graph.
    """

    __slots__ = ("_tracer", "spec", "value")
    __array_ufunc__ = None  # an array leaves `array + tensor` to the tensor

    def __init__(self, spec: TensorSpec, value: str, tracer: Tracer) -> None:
        self.spec = spec
        self.value = value
        self._tracer = tracer

    @property
    def shape(self) -> Shape:
        """Dimensions; -1 is the batch size."""
        return self.spec.shape

    @property
    def dtype(self) -> str:
        """NumPy's name of the element type."""
        return self.spec.dtype

    @property
    def channels(self) -> int:
        """Size of axis 1 of (N, C, ...)."""
        if len(self.shape) < 2:
            raise ShapeError(f"{show(self.shape)} has no channels")
        return self.shape[1]

    @property
    def spatial(self) -> Shape:
        """Sizes of the axes after the channels."""
        return self.shape[2:]

    def apply(self, op: Primitive, *others: Tensor) -> Tensor:
        """Emits an operator with one output on this tensor and ``others``."""
        return self._tracer.emit(op, (self, *others))[0]

    def like(self, other: Operand) -> Tensor:
        """Returns a number or array as a constant of this element type, and a tensor as it is."""
        if isinstance(other, Tensor):
            return other
        return self._tracer.emit(ops.Constant(numbers(other), self.dtype), ())[0]

    def __add__(self, other: Operand) -> Tensor:
        return self.apply(ops.Add(), self.like(other))

    def __radd__(self, other: Operand) -> Tensor:
        return self.like(other) + self

    def __sub__(self, other: Operand) -> Tensor:
        return self.apply(ops.Sub(), self.like(other))

    def __rsub__(self, other: Operand) -> Tensor:
        return self.like(other) - self

    def __mul__(self, other: Operand) -> Tensor:
        return self.apply(ops.Mul(), self.like(other))

    def __rmul__(self, other: Operand) -> Tensor:
        return self.like(other) * self

    def __truediv__(self, other: Operand) -> Tensor:
        if not self.dtype.startswith("float"):
            raise ShapeError(f"{self!r} divided by {other!r}: cast integers to floats first")
        return self.apply(ops.Div(), self.like(other))

    def __rtruediv__(self, other: Operand) -> Tensor:
        return self.like(other) / self

    def __pow__(self, other: Operand) -> Tensor:
        return self.apply(ops.Pow(), self.like(other))

    def __rpow__(self, other: Operand) -> Tensor:
        return self.like(other) ** self

    def __matmul__(self, other: Operand) -> Tensor:
        return self.apply(ops.MatMul(), self.like(other))

    def __rmatmul__(self, other: Operand) -> Tensor:
        return self.like(other) @ self

    def __neg__(self) -> Tensor:
        return self.apply(ops.Neg())

    def __lt__(self, other: Tensor | float) -> Tensor:
        return self.apply(ops.Less(), self.like(other))

    def __le__(self, other: Tensor | float) -> Tensor:
        return self.apply(ops.LessOrEqual(), self.like(other))

    def __gt__(self, other: Tensor | float) -> Tensor:
        return self.apply(ops.Greater(), self.like(other))

    def __ge__(self, other: Tensor | float) -> Tensor:
        return self.apply(ops.GreaterOrEqual(), self.like(other))

    def __getitem__(self, subscript: Subscript) -> Tensor:
        return subscripted(self, subscript)

    def __iter__(self) -> NoReturn:
        raise TypeError(f"{self!r} is no sequence; nn.split takes a tensor apart")

    def __repr__(self) -> str:
        return f"Tensor({self.value}: {self.spec})"

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} has no elements while a network is traced, so nothing can branch on them"
        )
