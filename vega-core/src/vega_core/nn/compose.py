"""Adding to a traced graph: a loss, or whatever else is made of its outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add
from typing import Any, TypeAlias

from vega_core.errors import ModelError
from vega_core.nn.draft import Draft
from vega_core.nn.graph import Graph
from vega_core.nn.networks import named_outputs
from vega_core.nn.shapes import TensorSpec, show
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import Tracer

LossFunction: TypeAlias = Callable[
    [Mapping[str, Tensor], Mapping[str, Tensor]], "Tensor | Mapping[str, Tensor]"
]


def compose(
    graph: Graph, loss: LossFunction, targets: Mapping[str, TensorSpec], *, scope: str = "loss"
) -> Graph:
    """Returns the training graph: a model's graph with a loss on its outputs.

    The model's nodes, parameters and controls keep their names; what the loss emits is named
    ``loss.<...>``. Composing again adds another loss.

    Args:
        graph: The model.
        loss: Called once with the outputs and the targets by name, as symbolic tensors. It returns
            the loss, or several tensors by name, which become outputs; where none of them is
            called ``scope``, an output of that name is their sum.
        targets: Specification of each target that the batch holds. A target that is an input of the
            model too is passed as that input.
        scope: What the new nodes' names begin with, and the name of a single loss.

    Raises:
        ModelError: The loss returned no tensors, one by the name of an output, or several of
            which some have elements and none is called ``scope``.
        ShapeError: Outputs and targets do not fit the loss.

    Example:
        >>> from vega_core import nn
        >>> model = nn.trace(nn.Linear(10), {"x": nn.batched((64,))})
        >>> label = {"label": nn.batched((), "int64")}
        >>> training = nn.compose(model, nn.losses.CrossEntropy(), label)
        >>> sorted(training.outputs)
        ['loss', 'output']
    """
    tracer = Tracer(Draft(graph))
    outputs = {name: tracer.tensor(value) for name, value in graph.outputs.items()}
    fields = {name: _target(tracer, name, spec) for name, spec in targets.items()}
    with tracer.active(), tracer.scope(scope):
        result: Any = loss(outputs, fields)
        added = named_outputs(result, scope, _name_of(loss))
        if clash := {*added, scope} & set(outputs):
            raise ModelError(f"{_name_of(loss)} gives {min(clash)!r}, which the model returns too")
        if scope not in added:
            added[scope] = _sum(added, scope, _name_of(loss))
    named = {**outputs, **added}
    return tracer.draft.graph({n: tracer.value(x, f"{scope}.{n}") for n, x in named.items()})


def _sum(losses: Mapping[str, Tensor], scope: str, where: str) -> Tensor:
    shapes = {name: show(tensor.shape) for name, tensor in losses.items() if tensor.shape != ()}
    if shapes or not losses:
        raise ModelError(f"{where} returned no {scope!r}, and no losses to add up: {shapes}")
    return reduce(add, losses.values())


def _target(tracer: Tracer, name: str, spec: TensorSpec) -> Tensor:
    known = tracer.draft.inputs.get(name)
    if known is not None:
        if known != spec:
            raise ModelError(f"{name!r} is an input of the model as {known} and a target as {spec}")
        return tracer.tensor(name)
    return tracer.input(name, spec)


def _name_of(loss: LossFunction) -> str:
    return getattr(loss, "__name__", type(loss).__name__)
