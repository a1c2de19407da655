"""Symbolic tensors: what a network's `forward` receives and returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vega_core.errors import ShapeError
from vega_core.nn import ops
from vega_core.nn.shapes import Shape, TensorSpec, show

if TYPE_CHECKING:
    from vega_core.nn.primitive import Primitive
    from vega_core.nn.tracing import Tracer


class Tensor:
    """A value of the graph that is being traced; it has a shape and no elements.

    Attributes:
        spec: Shape and element type.
        value: Name of the value in the graph.
    """

    __slots__ = ("_tracer", "spec", "value")

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

    def __add__(self, other: Tensor | float) -> Tensor:
        return self.apply(ops.Add(), self._like(other))

    def __radd__(self, other: float) -> Tensor:
        return self._like(other) + self

    def __sub__(self, other: Tensor | float) -> Tensor:
        return self.apply(ops.Sub(), self._like(other))

    def __rsub__(self, other: float) -> Tensor:
        return self._like(other) - self

    def __mul__(self, other: Tensor | float) -> Tensor:
        return self.apply(ops.Mul(), self._like(other))

    def __rmul__(self, other: float) -> Tensor:
        return self._like(other) * self

    def __truediv__(self, other: Tensor | float) -> Tensor:
        return self.apply(ops.Div(), self._like(other))

    def __rtruediv__(self, other: float) -> Tensor:
        return self._like(other) / self

    def __neg__(self) -> Tensor:
        return self._like(0.0) - self

    def __repr__(self) -> str:
        return f"Tensor({self.value}: {self.spec})"

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} has no elements while a network is traced, so nothing can branch on them"
        )

    def _like(self, other: Tensor | float) -> Tensor:
        if isinstance(other, Tensor):
            return other
        return self._tracer.emit(ops.Constant(float(other), self.dtype), ())[0]
