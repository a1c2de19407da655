"""Parameters of one graph handed on to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError, suggest
from vega_core.nn.graph import Graph
from vega_core.nn.parameters import initial_parameters
from vega_core.nn.shapes import show

Changes: TypeAlias = Callable[[Graph, Mapping[str, Array]], "Mapping[str, Array | None]"]
"""Gives arrays by name, of the graph and the parameters before; None begins anew."""


def handed(
    new: Graph, old: Graph, params: Mapping[str, Array], changes: Changes, seed: int
) -> dict[str, Array]:
    """Returns the parameters of a graph that has been made of another.

    Args:
        new: The graph that they are for.
        old: The graph before.
        params: Its parameters by name.
        changes: Gives those that are not simply taken over.
        seed: For those that begin anew.

    Raises:
        ModelError: Parameters are missing or do not fit.
    """
    check_fit(old, params)
    changed = changes(old, params)
    for name in changed:
        if name not in new.parameters:
            raise ModelError(f"no parameter {name!r} is left{suggest(name, new.parameters)}")
    found: dict[str, Array] = {}
    double = all(array.dtype != np.float32 for array in params.values())
    for name, spec in new.parameters.items():
        array = changed.get(name, params.get(name))
        if array is not None and array.shape != spec.shape:
            raise ModelError(
                f"{name!r} was {show(params[name].shape) if name in params else 'not there'} and "
                f"is {show(spec.shape)}, and what becomes of it is "
                f"{show(array.shape) if name in changed else 'not said'}"
            )
        if array is not None:
            usual = "float64" if double and spec.dtype.startswith("float") else spec.dtype
            found[name] = np.asarray(array, params[name].dtype if name in params else usual)
    anew = {name: spec for name, spec in new.parameters.items() if name not in found}
    found |= initial_parameters(replace(new, parameters=anew), seed)
    return {name: found[name] for name in new.parameters}


def check_fit(graph: Graph, params: Mapping[str, Array]) -> None:
    """Checks that there are the parameters of a graph, in their shapes.

    Raises:
        ModelError: One is missing or has another shape.
    """
    for name, spec in graph.parameters.items():
        if name not in params:
            raise ModelError(f"no array for parameter {name!r}{suggest(name, params)}")
        if np.shape(params[name]) != spec.shape:
            raise ModelError(
                f"parameter {name!r} is {show(spec.shape)}, and got {show(np.shape(params[name]))}"
            )
