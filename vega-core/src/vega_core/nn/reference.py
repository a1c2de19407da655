"""Running a graph in NumPy: slow, plain, and what every backend is held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vega_core.arrays import Array
from vega_core.nn.choices import candidates, specialised
from vega_core.nn.graph import Graph
from vega_core.nn.keys import draw_key
from vega_core.nn.primitive import Call, Mode


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a run of a graph gives.

    Attributes:
        outputs: Array by output name.
        statistics: New value of each statistic that moved.
        values: Array by value name.
    """

    outputs: Mapping[str, Array]
    statistics: Mapping[str, Array]
    values: Mapping[str, Array]


def evaluate(
    graph: Graph,
    params: Mapping[str, Array],
    inputs: Mapping[str, Array],
    *,
    mode: Mode = "eval",
    controls: Mapping[str, float | Array] | None = None,
    seed: int = 0,
    step: int = 0,
) -> Evaluation:
    """Runs a graph operator by operator, in the precision of the arrays given.

    Of a choice only the chosen branch runs.

    Args:
        graph: What to run.
        params: Every parameter and statistic by name; not changed.
        inputs: Every input by name.
        mode: Training or evaluation.
        controls: Controls that differ from their defaults.
        seed: The trial's seed, for random draws.
        step: The step, for random draws.
    """
    arrays = dict(params)
    values: dict[str, Array] = {name: np.asarray(inputs[name]) for name in graph.inputs}
    precision = _precision([*arrays.values(), *values.values()])
    for name, control in graph.controls.items():
        dtype = precision if control.dtype.startswith("float") else np.dtype(control.dtype)
        given = np.asarray((controls or {}).get(name, control.default), dtype)
        values[name] = np.broadcast_to(given, control.shape)
    chosen = {name: int(values[name]) for name in candidates(graph)}
    graph = specialised(graph, chosen).in_mode(mode)
    moved: dict[str, Array] = {}
    for node in graph.nodes:
        call = Call(
            [values[name] for name in node.inputs],
            {role: arrays[name] for role, name in node.params.items()},
            draw_key(seed, step, node.name),
        )
        results = node.op.reference(call)
        for role, array in node.op.updates(call).items():
            moved[node.params[role]] = arrays[node.params[role]] = array
        for index, array in enumerate(results):
            values[node.value(index)] = array
    return Evaluation({name: values[value] for name, value in graph.outputs.items()}, moved, values)


def _precision(arrays: Iterable[Array]) -> np.dtype[Any]:
    types = [array.dtype for array in arrays if np.issubdtype(array.dtype, np.floating)]
    return np.result_type(*types) if types else np.dtype(np.float32)
