"""Arrays on their way to a device and back, and in which order their axes lie there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from vega_core.arrays import Array
from vega_core.nn.shapes import Shape


@dataclass(frozen=True)
class Placement:
    """Where tensors live.

    Attributes:
        device: TensorFlow's name of the device.
    """

    device: str

    def scope(self) -> AbstractContextManager[Any]:
        """Returns a context in which TensorFlow puts tensors, and computes, there."""
        scope: AbstractContextManager[Any] = tf.device(self.device)
        return scope


def take(array: Any) -> Any:
    """Returns an array as a tensor where the scope says, which may share its memory."""
    return tf.convert_to_tensor(array)


def kernel_order(rank: int) -> tuple[int, ...]:
    """Returns the order in which a store keeps the axes of a parameter.

    Kernels (out, in, *window) become (*window, in, out), as TensorFlow's convolutions read them.
    """
    return (*range(2, rank), 1, 0) if rank > 2 else tuple(range(rank))


def inverse(order: Sequence[int]) -> tuple[int, ...]:
    """Returns the order that undoes an order of axes."""
    return tuple(sorted(range(len(order)), key=order.__getitem__))


def graph_shape(shape: Shape) -> Shape:
    """Returns the shape, in the graph's order of axes, of what a store keeps."""
    return tuple(int(shape[axis]) for axis in inverse(kernel_order(len(shape))))


def to_store(array: Array) -> Array:
    """Returns a copy of a parameter with its axes as a store keeps them."""
    return np.array(np.transpose(array, kernel_order(array.ndim)), order="C")


def from_store(tensor: Any) -> Array:
    """Returns a parameter, on the host and with its axes in the graph's order."""
    array = np.asarray(tensor.numpy())
    return np.array(np.transpose(array, inverse(kernel_order(array.ndim))), order="C")


def to_numpy(tensor: Any) -> Array:
    """Returns a copy of a value on the host."""
    return np.asarray(tensor.numpy())
