"""A user's own `keras.Model` as one node of a graph: made, run and given back."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from vega_core.arrays import Array
from vega_core.backend import Native, Params, Recipe
from vega_core.backend.own import (
    Inputs,
    alone,
    failed,
    inputs_of,
    named_outputs,
    ordered_outputs,
)
from vega_core.errors import ModelError
from vega_core.nn import Graph
from vega_core.nn.shapes import with_batch

_APART: Final = "vega_own"
_TOLD: Final = re.compile(
    r"Exception encountered when calling .*?\n\n(.*?)\n\nArguments", re.DOTALL
)
"""What Keras makes of an error's message."""


def instance(recipe: Recipe, inputs: Inputs, seed: int) -> Any:
    """Returns a new model with its variables, drawn under a seed.

    Raises:
        ModelError: It is no Keras model or layer, cannot be made, or fails on a batch of zeros.
    """
    with tf.init_scope(), _seeded(seed):  # also where a function is traced
        model = recipe.make()
        if not isinstance(model, keras.Layer):
            raise ModelError(
                f"{recipe.name} made a {type(model).__name__}, which is no keras.Model or Layer"
            )
        try_out(recipe, model, inputs, 2)  # now there are all variables
        return model


def try_out(recipe: Recipe, model: Any, inputs: Inputs, size: int) -> Any:
    """Runs a model in evaluation on a batch of zeros, and returns what it gives.

    Raises:
        ModelError: It fails; chains the cause.
    """
    tensors = {name: tf.zeros(with_batch(spec.shape, size), spec.dtype) for name, spec in inputs}
    try:
        return called(model, tensors, training=False)
    except Exception as error:
        raise failed(recipe.name, inputs, size, error, _plain(error)) from error


def called(model: Any, tensors: Mapping[str, Any], **options: Any) -> Any:
    """Calls a model: with its only input by itself, or with several by name."""
    return model(*_arguments(tensors), **options)


def outputs_of(name: str, result: Any) -> Mapping[str, Any]:
    """Returns what a call gave as tensors by name; see `named_outputs`."""
    return named_outputs(name, result, tf.is_tensor)


def named_weights(model: Any) -> dict[str, Any]:
    """Returns the variables that are saved, by dotted names.

    Names that Keras made up count on through a process; they are counted here from the first.
    """
    made_up = {layer.name for layer in layers_of(model) if _is_made_up(layer)}
    known: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    found: dict[str, Any] = {}
    for weight in model.weights:
        path = ""
        for part in weight.path.split("/")[:-1]:
            if not path and part in (_APART, model.name):
                continue
            if part in made_up:
                base = re.sub(r"_\d+$", "", part)
                if (path, part) not in known:
                    number = counts[path + base] = counts.get(path + base, -1) + 1
                    known[path, part] = f"{base}_{number}" if number else base
                part = known[path, part]
            path += f"{part}."
        found[path + weight.name] = weight
    return found


def layers_of(model: Any) -> Sequence[Any]:
    """Returns a model's layers of all depths, itself among them."""
    return list(model._flatten_layers())


def initial(op: Native, seed: int) -> Mapping[str, Array]:
    """Returns weights as the model's own constructor makes them."""
    weights = named_weights(instance(op.recipe, inputs_of(op), seed))
    return {name: np.asarray(weights[name]) for name, *_ in op.weights}


def own_model(graph: Graph, params: Params) -> Any:
    """Returns the user's own model with parameters, where a graph is nothing but that."""
    found = alone(graph)
    if found is None:
        return None
    op, roles = found
    model = instance(op.recipe, inputs_of(op), 0)
    for name, weight in named_weights(model).items():
        weight.assign(params[roles[name]])
    return model


class Call:
    """Runs a model over parameters that are kept elsewhere.

    What it draws comes from Keras's generators, whose states are set by the node's key.

    Args:
        op: The model, its mode fixed.
    """

    def __init__(self, op: Native) -> None:
        self._op = op
        # Where a model is called that holds this one, Keras would put that one's name before all.
        with keras.name_scope(_APART, override_parent=""):
            self._model = instance(op.recipe, inputs_of(op), 0)
        self._names = {id(weight): name for name, weight in named_weights(self._model).items()}

    def __call__(self, inputs: Sequence[Any], params: Mapping[str, Any], key: Any) -> Any:
        op, model = self._op, self._model
        named = dict(zip(op.given or ("",), inputs, strict=True))
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        given = [
            (v, params[self._names[id(v)]] if id(v) in self._names else _state(v, key, place))
            for place, v in enumerate(variables)
        ]
        with keras.StatelessScope(given) as scope:
            result = called(model, named, training=op.mode == "train")
        moved = {
            self._names[id(v)]: scope.get_current_value(v)
            for v in model.non_trainable_variables
            if id(v) in self._names
        }
        return (*ordered_outputs(op, outputs_of(op.name, result)), moved)


def _state(variable: Any, key: Any, place: int) -> Any:
    """Returns the state of a generator: two numbers, of which the second counts its draws."""
    return tf.cast(tf.stack([key[0] ^ place, key[1] & 0x7FFFFFFF]), variable.dtype)


def _plain(error: Exception) -> str:
    """Returns an error's message without what Keras puts around it."""
    text = re.sub(r"\x1b\[[\d;]*m", "", str(error))
    found = _TOLD.search(text)
    return found[1] if found else text


def _arguments(tensors: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(tensors.values()) if len(tensors) == 1 else (dict(tensors),)


def _is_made_up(layer: Any) -> bool:
    """Whether a layer's name is the one that Keras makes of its class."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", type(layer).__name__)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    return re.fullmatch(rf"{name.lower()}(_\d+)?", layer.name) is not None


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Sets what Keras draws the seeds of initializers from; afterwards all is as it was."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
