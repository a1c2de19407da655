"""Gradients of tables of which a step changes only the rows that it looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf


@dataclass(frozen=True)
class Rows:
    """Gradients of rows, of which one may come several times.

    Attributes:
        ids: Numbers of the rows: (n,).
        values: The gradients: (n, ...).
        size: Number of rows of the table.
    """

    ids: Any
    values: Any
    size: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole table."""
        return (self.size, *map(int, self.values.shape[1:]))

    def __mul__(self, factor: Any) -> Rows:
        return Rows(self.ids, self.values * factor, self.size)

    def joined(self, other: Rows) -> Rows:
        """Returns the sum of two gradients of one table."""
        return Rows(
            tf.concat([self.ids, other.ids], 0),
            tf.concat([self.values, other.values], 0),
            self.size,
        )

    def dense(self) -> Any:
        """Returns the gradient of the whole table."""
        return tf.math.unsorted_segment_sum(self.values, self.ids, self.size)

    def summed(self) -> tuple[Rows, Any]:
        """Returns the rows in order, each place with the sum of its row; and which are the first.

        The places stay as many, so that XLA knows their number. Those of one row are all alike, and
        may be written to it in any order.
        """
        order = tf.argsort(self.ids, stable=True)
        ids, values = tf.gather(self.ids, order), tf.gather(self.values, order)
        first = tf.concat([[True], ids[1:] != ids[:-1]], 0)
        row = tf.cumsum(tf.cast(first, tf.int32)) - 1
        sums = tf.math.unsorted_segment_sum(values, row, tf.size(ids))
        return Rows(ids, tf.gather(sums, row), self.size), first


def rows_of(gradient: Any, size: int) -> Any:
    """Returns a gradient as TensorFlow gives it; that of rows as such."""
    if isinstance(gradient, tf.IndexedSlices):
        return Rows(tf.cast(gradient.indices, tf.int64), gradient.values, size)
    return gradient


def parts_of(gradient: Any) -> tuple[Any, ...]:
    """Returns the tensors of a gradient."""
    return (gradient.ids, gradient.values) if isinstance(gradient, Rows) else (gradient,)


def added(one: Any, other: Any) -> Any:
    """Returns the sum of two gradients of one parameter, of which each may be of rows."""
    if isinstance(one, Rows) and isinstance(other, Rows):
        return one.joined(other)
    one, other = (x.dense() if isinstance(x, Rows) else x for x in (one, other))
    return one + other
