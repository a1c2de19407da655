"""Python functions of tensors and variables as single calls of TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import tensorflow as tf

Mode: TypeAlias = Literal["eager", "graph", "xla"]
Body: TypeAlias = Callable[[Sequence[Any], Sequence[Any]], list[Any]]
"""Takes tensors and variables, and returns tensors."""


@dataclass(frozen=True)
class Bank:
    """Variables that a function is called with, in the order that it was traced for."""

    variables: tuple[Any, ...]
    handles: tuple[Any, ...]

    @classmethod
    def of(cls, variables: Sequence[Any]) -> Bank:
        """Returns a bank of variables."""
        return cls(tuple(variables), tuple(variable.handle for variable in variables))


NOTHING: Final = Bank((), ())


class Function:
    """A body, traced once, and called on other variables of the same shapes.

    `tf.function` takes 10 microseconds a variable to find out that nothing has changed; the
    function that it has traced is called here by TensorFlow's own operator for that.

    Args:
        body: What is computed. It may assign to variables.
        specs: `tf.TensorSpec` of each tensor.
        bank: Variables to trace with.
        mode: How it runs.
    """

    def __init__(self, body: Body, specs: Sequence[Any], bank: Bank, mode: Mode) -> None:
        self._body, self._eager = body, mode == "eager"
        if not self._eager:
            self._traced = traced(body, specs, bank.variables, compiled=mode == "xla")
            self._types = [tensor.dtype for tensor in self._traced.outputs]

    def __call__(self, tensors: Sequence[Any], bank: Bank) -> Sequence[Any]:
        """Returns what the body gives; on a GPU before it is computed."""
        if self._eager:
            return self._body(tensors, bank.variables)
        return call(self._traced, [*tensors, *bank.handles], self._types)


def call(traced: Any, args: Sequence[Any], types: Sequence[Any]) -> list[Any]:
    """Calls a traced function on tensors and handles of variables."""
    result: Any = tf.raw_ops.StatefulPartitionedCall(args=args, Tout=types, f=traced)
    return list(result) if types else []


def traced(
    body: Body, specs: Sequence[Any], variables: Sequence[Any], *, compiled: bool = False
) -> Any:
    """Returns a concrete function of a body.

    Args:
        body: What is computed.
        specs: `tf.TensorSpec` of each tensor.
        variables: Variables of the shapes that it is called with.
        compiled: Whether XLA compiles it. It is then called by a function around it, since a call
            by operator would leave it to the graph.
    """
    function = tf.function(body, autograph=False, jit_compile=compiled or None)
    concrete = function.get_concrete_function(list(specs), list(variables))
    if not compiled:
        return concrete
    around = tf.function(lambda tensors, held: concrete(tensors, held), autograph=False)
    return around.get_concrete_function(list(specs), list(variables))
