"""What a lowering sees of a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import tensorflow as tf

from vega_core.nn.shapes import Shape, TensorSpec, axis_of

Tensor: TypeAlias = Any
"""TensorFlow has no types that a checker could use."""


class Mover(Protocol):
    """Gives a statistic a new value."""

    def __call__(self, role: str, value: Tensor, /) -> None: ...


@dataclass(frozen=True)
class Site:
    """One node, as its lowering sees it.

    Attributes:
        inputs: The inputs; all with their channels last where the node runs so.
        params: Gives a parameter by role, its axes as a store keeps them
            (`vega_backend_tf.arrays.kernel_order`).
        specs: Specification of each input, with the graph's order of axes.
        results: Specification of each output.
        last: Whether inputs and outputs of three axes and more have their channels last.
        batch: The batch size; a tensor where it is open.
        moving: Roles of the statistics that move.
        move: Gives such a statistic a new value.
        key: Two int32 that the node's draws are a function of; None where it draws nothing.
        fused: Whether operators that TensorFlow has as one kernel are best called so, or left to
            XLA as their parts.
    """

    inputs: Sequence[Tensor]
    params: Mapping[str, Tensor]
    specs: Sequence[TensorSpec]
    results: Sequence[TensorSpec]
    last: bool
    batch: Any
    moving: frozenset[str]
    move: Mover
    key: Tensor = None
    fused: bool = True

    @property
    def rank(self) -> int:
        """Number of axes of the first input."""
        return len(self.specs[0].shape)

    @property
    def weight(self) -> Tensor:
        """The weight, its axes as a store keeps them: a parameter, or the second input."""
        if "weight" in self.params:
            return self.params["weight"]
        rank = len(self.specs[1].shape)
        window = range(1, rank - 1) if self.last else range(2, rank)
        kernel = (*window, rank - 1 if self.last else 1, 0)
        return tf.transpose(self.inputs[1], kernel) if rank > 2 else self.inputs[1]

    def axis(self, axis: int, rank: int | None = None) -> int:
        """Returns where an axis of the graph is in an array of ``rank`` axes, as it is held."""
        rank = self.rank if rank is None else rank
        axis = axis_of(axis, (1,) * rank)
        if not self.last or rank < 3 or axis == 0:
            return axis
        return rank - 1 if axis == 1 else axis - 1

    def axes(self, axes: Sequence[int], rank: int | None = None) -> list[int]:
        """Returns where several axes are."""
        return [self.axis(axis, rank) for axis in axes]

    def sizes(self, shape: Shape) -> list[Any]:
        """Returns a shape with its multiples of the batch size filled in."""
        return [size if size >= 0 else -size * self.batch for size in shape]

    def by_channel(self, values: Tensor) -> Tensor:
        """Returns a value a channel so that it broadcasts to the first input."""
        if self.last or self.rank < 3:
            return values
        return tf.reshape(values, (-1, *(1,) * (self.rank - 2)))


Lowering: TypeAlias = Callable[[Any, Site], Tensor]
