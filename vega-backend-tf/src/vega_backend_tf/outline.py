"""What a user's own `keras.Model` looks like, found out by making one and running it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import keras

from vega_backend_tf.modules import instance, layers_of, named_weights, outputs_of, try_out
from vega_core.backend import Outline, Recipe
from vega_core.backend.own import TRIED, Inputs, element_type, output_shapes
from vega_core.nn import ParameterSpec, TensorSpec
from vega_core.nn.primitive import Kind

_NORMS: Final = (
    keras.layers.BatchNormalization,
    keras.layers.GroupNormalization,
    keras.layers.LayerNormalization,
)


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
    tried = [outputs_of(recipe.name, try_out(recipe, model, inputs, n)) for n in TRIED]
    shapes = output_shapes(recipe.name, [{n: x.shape for n, x in one.items()} for one in tried])
    outputs = {
        name: TensorSpec(
            shape, element_type(recipe.name, f"output {name!r}", tried[0][name].dtype.name)
        )
        for name, shape in shapes.items()
    }
    kinds = _kinds(model)
    parameters = {
        name: ParameterSpec(
            tuple(weight.shape),
            kind=kinds[id(weight)],
            dtype=element_type(recipe.name, f"{name!r}", weight.dtype),
        )
        for name, weight in named_weights(model).items()
    }
    return Outline(parameters, outputs)


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


def _trained(name: str) -> Kind:
    return "bias" if name.endswith("bias") else "weight"
