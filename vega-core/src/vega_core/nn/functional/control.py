"""What is given anew at each step, what depends on the mode, and what is differentiated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from vega_core.errors import ModelError
from vega_core.nn import ops
from vega_core.nn.graph import ControlSpec
from vega_core.nn.initializers import Initializer
from vega_core.nn.module import Module
from vega_core.nn.primitive import Kind
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import Tracer, current

Candidate: TypeAlias = Callable[..., Any]
"""A module, or any function of tensors."""


def control(name: str, default: float, shape: Sequence[int] = (), dtype: str = "float32") -> Tensor:
    """Returns a run-time input that is no data: a rate, a weight, a temperature, a mask.

    Its full name is ``<module path>.<name>``; changing it compiles nothing.

    Args:
        name: Name inside the calling module.
        default: What holds, everywhere, where a step does not give it.
        shape: Its shape; () for one number.
        dtype: Its element type.
    """
    return current().control(name, ControlSpec(default, tuple(shape), dtype))


def parameter(
    name: str,
    shape: Sequence[int],
    init: Initializer | None = None,
    kind: Kind = "weight",
    dtype: str = "float32",
) -> Tensor:
    """Returns a parameter as a value, for what no operator has: architecture weights, prompts.

    Its full name is ``<module path>.<name>``.

    Args:
        name: Name inside the calling module.
        shape: Its shape.
        init: How it begins; zeros by default.
        kind: What training does to it; ``constant`` for an array that never changes.
        dtype: Its element type.
    """
    return current().parameter(name, ops.Parameter(tuple(shape), kind, dtype), init)


def choice(name: str, candidates: Sequence[Candidate], *inputs: Tensor) -> Tensor:
    """Returns what one of several candidates makes of the inputs, by the control ``<path>.<name>``.

    All candidates have parameters; at each step the chosen one alone is computed, differentiated
    and updated. Candidate i is named ``<name>.<i>`` unless it is a module with a name.

    Args:
        name: Name of the control (int64, 0 by default) inside the calling module.
        candidates: Modules or functions of ``inputs``; they give tensors of one shape and type.
        *inputs: What each candidate is given.

    Raises:
        ModelError: There are no candidates.
        ShapeError: They give different shapes; names both.
    """
    if not candidates:
        raise ModelError(f"choice {name!r} has no candidates")
    tracer = current()
    made = [
        _candidate(tracer, f"{name}.{number}", candidate, inputs)
        for number, candidate in enumerate(candidates)
    ]
    index = control(name, 0, dtype="int64")
    return index.apply(ops.Choice(), *made)


def _candidate(tracer: Tracer, name: str, build: Candidate, inputs: Sequence[Tensor]) -> Tensor:
    """Runs a module or function whose default name is ``name``."""
    if isinstance(build, Module):
        result = tracer.call(build, inputs, {}, name)
    else:
        with tracer.within(name):
            result = build(*inputs)
    if not isinstance(result, Tensor):
        raise ModelError(f"candidate {name!r} returned {result!r}: expected a tensor")
    return result


def by_mode(train: Tensor, evaluation: Tensor) -> Tensor:
    """Returns one value in training and another in evaluation; what is not needed does not run."""
    return train.apply(ops.ByMode(), evaluation)


def stop_gradient(x: Tensor) -> Tensor:
    """Returns x, through which no gradient flows."""
    return x.apply(ops.StopGradient())
