"""What a form of an operator sees of a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError
from vega_core.nn.shapes import Shape, TensorSpec, axis_of

Tensor: TypeAlias = Any
"""One of Keras's symbolic tensors, or an array where nothing of it depends on an input."""


@dataclass(frozen=True)
class Spot:
    """One node.

    Attributes:
        name: The node's, which its layer gets.
        inputs: The inputs; all with their channels last where the node runs so.
        params: Parameters by role, with the graph's order of axes.
        specs: Specification of each input, with the graph's order of axes.
        results: Specification of each output.
        last: Whether inputs and outputs of three axes and more have their channels last.
    """

    name: str
    inputs: Sequence[Tensor]
    params: Mapping[str, Array]
    specs: Sequence[TensorSpec]
    results: Sequence[TensorSpec]
    last: bool

    @property
    def shape(self) -> Shape:
        """Shape of the first input, with the graph's order of axes."""
        return self.specs[0].shape

    @property
    def rank(self) -> int:
        """Number of axes of the first input."""
        return len(self.shape)

    @property
    def weight(self) -> Array:
        """The weight, with the graph's order of axes: a parameter, or the second input.

        Raises:
            ModelError: It is computed of an input of the graph.
        """
        if "weight" in self.params:
            return self.params["weight"]
        if isinstance(self.inputs[1], keras.KerasTensor):
            raise ModelError("a layer of Keras has a weight of its own, and none that is computed")
        weight = np.asarray(self.inputs[1])
        return np.moveaxis(weight, -1, 1) if self.last and weight.ndim > 2 else weight

    def axis(self, axis: int) -> int:
        """Returns where an axis of the first input is, as it is held."""
        axis = axis_of(axis, (1,) * self.rank)
        if not self.last or self.rank < 3 or axis == 0:
            return axis
        return self.rank - 1 if axis == 1 else axis - 1

    def axes(self, axes: Sequence[int]) -> list[int]:
        """Returns where several axes are."""
        return [self.axis(axis) for axis in axes]

    def layer(self, kind: Any, arrays: Sequence[Array], x: Tensor, **options: Any) -> Tensor:
        """Makes a layer under the node's name, calls it, and gives it its weights in order."""
        made = kind(name=self.name, dtype=self.results[0].dtype, **options)
        y = made(x)
        made.set_weights(arrays)
        return y


Form: TypeAlias = Callable[[Any, Spot], Tensor]


def open_sizes(shape: Shape) -> tuple[int, ...]:
    """Returns a shape as Keras reshapes to it.

    Raises:
        ModelError: More than one axis depends on the batch.
    """
    if sum(size < 0 for size in shape) > 1:
        raise ModelError("Keras gives an array one axis that depends on the batch, and not two")
    return tuple(max(size, -1) for size in shape)
