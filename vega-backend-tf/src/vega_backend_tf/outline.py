"""What a user's own `keras.Model` looks like, found out by making one and running it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import keras

from vega_backend_tf.modules import (
    Inputs,
    instance,
    layers_of,
    named_outputs,
    named_weights,
    try_out,
)
from vega_core.backend import Outline, Recipe
from vega_core.errors import ModelError, ShapeError
from vega_core.nn import ParameterSpec, TensorSpec
from vega_core.nn.primitive import Kind

_NORMS: Final = (
    keras.layers.BatchNormalization,
    keras.layers.GroupNormalization,
    keras.layers.LayerNormalization,
)
_SIZES: Final = (2, 3)
"""Batches that are tried: what differs between them is a multiple of the batch."""


@lru_cache(maxsize=64)
def outline(recipe: Recipe, inputs: Inputs) -> Outline:
    """Finds out what a model looks like.

    Args:
        recipe: Makes the model.
        inputs: Name and specification of each input; one is passed by position.

    Raises:
        ModelError: It is no `keras.Model`, cannot be made, fails on a batch of zeros, or has
            outputs that have no place in a graph.
    """
    model = instance(recipe, inputs, 0)
    tried = [named_outputs(recipe.name, try_out(recipe, model, inputs, n)) for n in _SIZES]
    outputs = {}
    for name, one in tried[0].items():
        other = tried[1].get(name, one)
        if len(one.shape) != len(other.shape):
            raise ShapeError(f"{recipe.name}: the axes of output {name!r} depend on the batch")
        sizes = zip(one.shape, other.shape, strict=True)
        shape = tuple(_axis(recipe, name, *pair) for pair in sizes)
        outputs[name] = TensorSpec(shape, _dtype(recipe, f"output {name!r}", one.dtype.name))
    kinds = _kinds(model)
    parameters = {
        name: ParameterSpec(
            tuple(weight.shape),
            kind=kinds[id(weight)],
            dtype=_dtype(recipe, f"{name!r}", weight.dtype),
        )
        for name, weight in named_weights(model).items()
    }
    return Outline(parameters, outputs)


def _axis(recipe: Recipe, name: str, one: int, other: int) -> int:
    """Returns an axis as a graph writes it, given its size in the batches that were tried."""
    if one == other:
        return one
    count, rest = divmod(one, _SIZES[0])
    if rest or other != count * _SIZES[1]:
        raise ShapeError(
            f"{recipe.name}: an axis of output {name!r} is {one} for a batch of {_SIZES[0]} and "
            f"{other} for one of {_SIZES[1]}, which is no multiple of it"
        )
    return -count


def _kinds(model: Any) -> dict[int, Kind]:
    """Returns the kind of each variable by its identity."""
    kinds: dict[int, Kind] = {}
    for layer in layers_of(model):
        for weight in layer.weights:
            if weight.trainable:
                kinds.setdefault(id(weight), _trained(weight.name))
                if isinstance(layer, _NORMS):
                    kinds[id(weight)] = "norm"
                elif isinstance(layer, keras.layers.Embedding):
                    kinds[id(weight)] = "embedding"
            elif not layer.trainable:
                kinds[id(weight)] = "constant"
            else:
                kinds.setdefault(id(weight), "statistic")
    return kinds


def _dtype(recipe: Recipe, what: str, name: str) -> str:
    if name in ("bfloat16", "string") or name.startswith(("complex", "float8", "q")):
        raise ModelError(f"{recipe.name}: {what} is of {name}, which no array of a graph has")
    return name


def _trained(name: str) -> Kind:
    return "bias" if name.endswith("bias") else "weight"
