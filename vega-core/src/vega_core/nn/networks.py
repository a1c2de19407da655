"""From a network to its graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from vega_core.errors import ModelError
from vega_core.nn.graph import Graph
from vega_core.nn.in_channels import check_taken, settings_for
from vega_core.nn.module import Module, check_arguments
from vega_core.nn.overrides import OverrideError, Overrides
from vega_core.nn.primitive import Primitive
from vega_core.nn.shapes import TensorSpec
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import Tracer


def trace(
    network: Module, inputs: Mapping[str, TensorSpec], overrides: Mapping[str, Any] | None = None
) -> Graph:
    """Runs a network on symbolic inputs and returns its graph.

    Args:
        network: The module; its own name is empty.
        inputs: Specification of each input. One input is passed by position, several by name.
        overrides: Hyperparameters by dotted name or pattern, such as
            ``{"layer1.0.conv1.out_channels": 24}``. ``in_channels`` sets ``out_channels`` of the
            modules that make what a module takes.

    Returns:
        The graph. A network that returns one tensor has the output ``output``.

    Raises:
        ShapeError: Shapes do not fit; names the module path and both shapes.
        ModelError: An override matches nothing, contradicts another or has the wrong number of
            values; two modules have one name; the network does not return tensors.

    Example:
        >>> from vega_core import nn
        >>> graph = nn.trace(nn.Linear(10), {"x": nn.batched((64,))})
        >>> graph.stats().params
        650
    """
    _check_types(network, inputs, overrides)
    first = Overrides(overrides or {})
    traced = _traced(network, inputs, first)
    settings = settings_for(traced.graph, traced.modules, first) if first.taken else {}
    if not settings:
        return traced.graph
    again = Overrides(overrides or {}, settings)
    try:
        traced = _traced(network, inputs, again)
    except ModelError as error:
        changes = ", ".join(f"{key!r} to {n} for {why!r}" for key, (why, n) in settings.items())
        fault = f"{error}; this after setting {changes}"
        if isinstance(error, OverrideError):
            raise OverrideError(fault, error.override) from error.__cause__
        raise type(error)(fault) from error.__cause__
    check_taken(traced.graph, again.taken, settings)
    return traced.graph


def _check_types(network: Any, inputs: Any, overrides: Any) -> None:
    """Refuses what is of another type than `trace` takes, before it ends in an error of Python's.

    Raises:
        ModelError: Says what is expected.
    """
    if not isinstance(network, Module):
        raise ModelError(f"expected a module to trace, got {network!r}")
    if not isinstance(inputs, Mapping):
        raise ModelError(f"expected the specifications of the inputs by name, got {inputs!r}")
    for name, spec in inputs.items():
        if not isinstance(name, str) or not isinstance(spec, TensorSpec) or not _whole(spec.shape):
            raise ModelError(
                f"input {name!r}: expected a specification such as batched((3, 32, 32)), "
                f"got {spec!r}"
            )
    if overrides is not None and not isinstance(overrides, Mapping):
        raise ModelError(f"expected overrides by dotted name, got {overrides!r}")


def _whole(shape: Any) -> bool:
    return isinstance(shape, tuple) and all(isinstance(size, int) for size in shape)


class _Traced(NamedTuple):
    """What one trace gives."""

    graph: Graph
    modules: Mapping[str, Module | Primitive]


def _traced(network: Module, inputs: Mapping[str, TensorSpec], overrides: Overrides) -> _Traced:
    tracer = Tracer(overrides=overrides)
    tensors = {name: tracer.input(name, spec) for name, spec in inputs.items()}
    args = tuple(tensors.values()) if len(tensors) == 1 else ()
    check_arguments(network, args, {} if args else tensors, inputs)
    with tracer.active():
        try:
            result = tracer.run(network, args, {} if args else tensors)
        except ModelError:
            overrides.check_lengths()
            raise
    overrides.finish()
    where = type(network).__name__
    outputs = named_outputs(result, "output", where)
    graph = tracer.draft.graph({n: tracer.value(x, f"{where}.{n}") for n, x in outputs.items()})
    modules = {one.path: one.record for one in tracer.entered.values()}
    return _Traced(graph, {**tracer.operators, **modules})


def named_outputs(result: Any, name: str, where: str) -> dict[str, Tensor]:
    """Returns what a network or loss returned as a dictionary of tensors.

    Raises:
        ModelError: It is neither a tensor nor a dictionary of them.
    """
    outputs = {name: result} if isinstance(result, Tensor) else result
    if not isinstance(outputs, Mapping) or not all(
        isinstance(key, str) and isinstance(tensor, Tensor) for key, tensor in outputs.items()
    ):
        raise ModelError(f"{where} returned {result!r}: expected a tensor or tensors by name")
    return dict(outputs)
