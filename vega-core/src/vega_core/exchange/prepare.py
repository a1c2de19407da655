"""The part of a model that is deployed: evaluation, of chosen branches, without losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ModelError, suggest
from vega_core.exchange.model import Arrays
from vega_core.nn import ops
from vega_core.nn.choices import candidates, specialised
from vega_core.nn.graph import ControlSpec, Graph, Node
from vega_core.nn.primitive import ParameterSpec
from vega_core.nn.shapes import show

LOSSES: Final = (
    ops.AbsoluteError,
    ops.BinaryCrossEntropyLoss,
    ops.SmoothL1,
    ops.SoftmaxCrossEntropyLoss,
    ops.SquaredError,
)
"""Operators of training alone; outputs that need one are not exported."""

Values = Mapping[str, "float | Array"]


def deployable(
    graph: Graph, params: Arrays, controls: Values | None = None
) -> tuple[Graph, dict[str, Array]]:
    """Returns the graph as it is deployed, and the parameters that it has.

    It runs in evaluation. Choices are specialised, and other controls are constants. Outputs that
    need a loss are left out, and so are inputs, such as labels, that nothing else needs.

    Args:
        graph: A network's graph, or a training graph.
        params: Every parameter and statistic by name.
        controls: Controls that differ from their defaults; number of the candidate for each choice.

    Raises:
        ModelError: A control does not exist or has another shape, a choice is open, no output is
            left, or a parameter is missing or has another shape.
    """
    given = controls or {}
    for name in given:
        if name not in graph.controls:
            raise ModelError(f"the graph has no control {name!r}{suggest(name, graph.controls)}")
    graph = _without_losses(_specialised(graph, given).in_mode("eval"))
    # What only a loss or another branch or mode needs is gone; the batch need not hold it.
    graph = graph.restricted(graph.inputs)
    arrays = {name: _array(name, spec, params) for name, spec in graph.parameters.items()}
    return _with_constants(graph, given, arrays)


def _specialised(graph: Graph, given: Values) -> Graph:
    choices = candidates(graph)
    left = [name for name in choices if name not in given]
    if left:
        others = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
        raise ModelError(
            f"choice {left[0]!r}{others} is open, with the candidates 0 to {choices[left[0]] - 1}; "
            f"a model is exported with its branches chosen: give controls={{{left[0]!r}: ...}}, or "
            "specialise the graph (vega_core.nn.specialised)"
        )
    return specialised(graph, {name: int(given[name]) for name in choices})


def _without_losses(graph: Graph) -> Graph:
    lost: set[str] = set()
    for node in graph.nodes:
        if isinstance(node.op, LOSSES) or lost.intersection(node.inputs):
            lost.update(graph.values(node))
    outputs = {name: value for name, value in graph.outputs.items() if value not in lost}
    if not outputs:
        raise ModelError(
            f"there is nothing to export: the outputs {', '.join(graph.outputs)} all need a loss"
        )
    return replace(graph, outputs=outputs)


def _array(name: str, spec: ParameterSpec, params: Arrays) -> Array:
    if name not in params:
        raise ModelError(f"parameter {name!r} {show(spec.shape)} is missing")
    array = np.asarray(params[name], spec.dtype)
    if array.shape != spec.shape:
        raise ModelError(
            f"parameter {name!r} is {show(array.shape)}, and in the graph {show(spec.shape)}"
        )
    return array


def _with_constants(
    graph: Graph, given: Values, arrays: dict[str, Array]
) -> tuple[Graph, dict[str, Array]]:
    """Turns controls into constants of their names; those with axes into parameters."""
    nodes: list[Node] = []
    specs = dict(graph.parameters)
    for name, control in graph.controls.items():
        value = _value(name, control, given)
        if control.shape:
            arrays[name] = value
            specs[name] = ParameterSpec(control.shape, kind="constant", dtype=control.dtype)
            op = ops.Parameter(control.shape, "constant", control.dtype)
            nodes.append(Node(name, op, (), {"value": name}))
        else:
            nodes.append(Node(name, ops.Constant(value.item(), control.dtype)))
    fixed = replace(graph, controls={}, parameters=specs, nodes=(*nodes, *graph.nodes))
    return fixed, arrays


def _value(name: str, control: ControlSpec, given: Values) -> Array:
    value = np.asarray(given.get(name, control.default), control.dtype)
    try:
        return np.array(np.broadcast_to(value, control.shape))
    except ValueError:
        raise ModelError(
            f"control {name!r} is {show(control.shape)}, and got {show(value.shape)}"
        ) from None
