"""What backends share that train modules of their framework's own; see `vega_core.backend.native`.

Each framework makes and runs such a module in its own way. How its inputs are named, what it may
give, and which axes of that are the batch is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from vega_core.backend.native import Native
from vega_core.errors import ModelError, ShapeError
from vega_core.nn.graph import Graph
from vega_core.nn.shapes import Shape, TensorSpec

Inputs: TypeAlias = tuple[tuple[str, TensorSpec], ...]
"""Name and specification of each input of a module; one is passed by position."""

TRIED: Final = (2, 3)
"""Batches that a module is tried with: what differs between them is a multiple of the batch."""


def identity(graph: Graph) -> tuple[Hashable, ...]:
    """Returns what is equal for graphs of one program.

    The hash of a user's own module is of its name; a class that was defined anew is another.
    """
    modules = (node.op.recipe.component for node in graph.nodes if isinstance(node.op, Native))
    return (graph.hash, *modules)


def alone(graph: Graph) -> tuple[Native, Mapping[str, str]] | None:
    """Returns a user's own module and its parameters by role, where a graph is nothing else."""
    (node, *others) = graph.nodes or (None,)
    if node is None or others or not isinstance(node.op, Native):
        return None
    return node.op, node.params


def inputs_of(op: Native) -> Inputs:
    """Returns the inputs that a module was outlined for."""
    names = op.given or ("",)
    return tuple(
        (name, TensorSpec(shape, dtype))
        for name, (shape, dtype) in zip(names, op.inputs, strict=True)
    )


def failed(name: str, inputs: Inputs, size: int, error: Exception, why: object) -> ModelError:
    """Returns the error of a module that fails on a batch of zeros.

    Args:
        name: What a configuration calls the module.
        inputs: What it was given.
        size: Samples of the batch.
        error: What it raised.
        why: What there is to tell of that.
    """
    shapes = ", ".join(f"{name} {spec}".strip() for name, spec in inputs)
    return ModelError(
        f"{name} fails on a batch of {size} ({shapes}): {type(error).__name__}: {why}"
    )


def named_outputs(name: str, result: Any, is_tensor: Callable[[Any], bool]) -> Mapping[str, Any]:
    """Returns what a call gave as tensors by name; what is None is left out.

    Args:
        name: What a configuration calls the module.
        result: A tensor, or tensors by name.
        is_tensor: Knows the framework's tensors.

    Raises:
        ModelError: It is something else.
    """
    outputs = result if isinstance(result, Mapping) else {"output": result}
    given = {key: value for key, value in outputs.items() if value is not None}
    if result is not None and all(map(is_tensor, given.values())):
        return given
    raise ModelError(f"{name} gives {type(result).__name__}: expected a tensor, or tensors by name")


def ordered_outputs(op: Native, found: Mapping[str, Any]) -> tuple[Any, ...]:
    """Returns outputs in the order of a module's outline.

    Raises:
        ModelError: One is missing, which was there when it was outlined in evaluation.
    """
    names = [name for name, *_ in op.outputs]
    if missing := [name for name in names if name not in found]:
        mode = "training" if op.mode == "train" else "evaluation"
        raise ModelError(
            f"{op.name} gave {list(found)} in {mode}, and {missing} is missing; its outputs "
            "must be the same in training and in evaluation"
        )
    return tuple(found[name] for name in names)


def output_shapes(name: str, tried: Sequence[Mapping[str, Iterable[int]]]) -> dict[str, Shape]:
    """Returns the shape of each output as a graph writes it.

    Args:
        name: What a configuration calls the module.
        tried: Shapes by output for each batch of `TRIED`.

    Raises:
        ShapeError: An axis is no multiple of the batch.
    """
    shapes = {}
    for output, one in tried[0].items():
        sizes, others = tuple(one), tuple(tried[1].get(output, one))
        if len(sizes) != len(others):
            raise ShapeError(f"{name}: the axes of output {output!r} depend on the batch")
        pairs = zip(sizes, others, strict=True)
        shapes[output] = tuple(_axis(name, output, *pair) for pair in pairs)
    return shapes


def element_type(name: str, what: str, dtype: str) -> str:
    """Returns an element type that arrays of a graph may have.

    Raises:
        ModelError: They may not; names the module and what of it.
    """
    if dtype in ("bfloat16", "string") or dtype.startswith(("complex", "float8", "q")):
        raise ModelError(f"{name}: {what} is of {dtype}, which no array of a graph has")
    return dtype


def _axis(name: str, output: str, one: int, other: int) -> int:
    if one == other:
        return one
    count, rest = divmod(one, TRIED[0])
    if rest or other != count * TRIED[1]:
        raise ShapeError(
            f"{name}: an axis of output {output!r} is {one} for a batch of {TRIED[0]} and "
            f"{other} for one of {TRIED[1]}, which is no multiple of it"
        )
    return -count
