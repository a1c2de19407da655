"""Operators that make values of nothing, or of numbers: any part of them can be left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vega_core.nn import ops
from vega_core.nn.dependency.rules.through import Rule
from vega_core.nn.dependency.spot import Axes, Spot


def constant(_: ops.Constant, spot: Spot) -> Sequence[Axes]:
    """New numbers along each axis."""
    return [tuple([spot.labels.fresh(size) for size in spot.results[0].shape])]


def parameter(_: ops.Parameter, spot: Spot) -> Sequence[Axes]:
    """The parameter's own."""
    axes = [spot.made("value", axis, size) for axis, size in enumerate(spot.results[0].shape)]
    for axis, ids in enumerate(axes):
        spot.parameter("value", axis, ids)
    return [tuple(axes)]


def embedding(op: ops.Embedding, spot: Spot) -> Sequence[Axes]:
    """New numbers along the last axis."""
    ids = spot.made("weight", 1, op.embedding_dim)
    spot.parameter("weight", 1, ids)
    return [(*[None] * len(spot.specs[0].shape), ids)]


def drawn(_: ops.Random, spot: Spot) -> Sequence[Axes]:
    """What is drawn has a shape of its own."""
    return [(None,) * len(spot.results[0].shape)]


RULES: Final[Mapping[type[Any], Rule]] = {
    ops.Constant: constant,
    ops.Embedding: embedding,
    ops.Parameter: parameter,
    ops.Random: drawn,
}
