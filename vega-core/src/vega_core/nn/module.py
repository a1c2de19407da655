"""Modules: frozen records of hyperparameters with a `forward` that is traced."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol, TypeVar

from typing_extensions import ParamSpec, dataclass_transform

from vega_core.errors import ModelError
from vega_core.nn.primitive import Mode
from vega_core.nn.tracing import current

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class _HasForward(Protocol[P, R_co]):
    def forward(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class _Record:
    """Makes a frozen dataclass of each subclass, for type checkers too."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        dataclass(frozen=True)(cls)
        for item in fields(cls):  # type: ignore[arg-type]
            held = item.default if isinstance(item.default, (tuple, list)) else (item.default,)
            if any(isinstance(value, _Record) for value in held):
                raise ValueError(
                    f"{cls.__name__}.{item.name}: a module as default would share its parameters "
                    "between all instances; use dataclasses.field(default_factory=...)"
                )


class Module(_Record):
    """A part of a network: its annotated fields are hyperparameters, `forward` is its body.

    Subclass `Network`, `Cell`, `Block` or `Operator`, annotate the fields and write `forward`. It
    runs while a graph is traced, on symbolic tensors whose shapes are known, so it may use any
    Python: loops, conditions on shapes and fields.

    A module gets its dotted name at its first call: its ``name``, else the field (and index) of
    the calling module that holds it, else its type in lower case and a number. Calling
    one object again shares its parameters; an equal record does not.

    Attributes:
        is_operator: Whether its first node has the module's own name.
        overridable: Names of the fields that overrides may set; None for all.
        name: Name inside the calling module.
        mode: Whether it runs as in training or as in evaluation, whatever the graph
            does; None inherits.

    Example:
        >>> from vega_core import nn
        >>> class Twice(nn.Network):
        ...     features: int
        ...
        ...     def forward(self, x: nn.Tensor) -> nn.Tensor:
        ...         layer = nn.Linear(self.features, name="layer")
        ...         return layer(nn.relu(layer(x)))
        >>> list(nn.trace(Twice(8), {"x": nn.batched((8,))}).parameters)
        ['layer.weight', 'layer.bias']
    """

    is_operator: ClassVar[bool] = False
    overridable: ClassVar[tuple[str, ...] | None] = None

    name: str | None = field(default=None, kw_only=True, metadata={"configured": False})
    mode: Mode | None = field(default=None, kw_only=True)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Builds the outputs from symbolic tensors; called by the tracer."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self: _HasForward[P, R_co], *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Traces the module on symbolic tensors, with the arguments of its `forward`."""
        result: R_co = current().call(self, args, kwargs)  # type: ignore[arg-type]
        return result


def check_arguments(
    module: Module, args: Sequence[Any], kwargs: Mapping[str, Any], names: Iterable[str] = ()
) -> None:
    """Checks that a module's `forward` takes some arguments.

    Args:
        module: The module.
        args: Arguments by position.
        kwargs: Arguments by name.
        names: What the arguments are called, for the message.

    Raises:
        ModelError: It does not; names what it takes and what it is given.
    """
    signature = inspect.signature(module.forward)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        given = ", ".join(names or kwargs) or f"{len(args)} by position"
        raise ModelError(
            f"{type(module).__name__} takes the inputs {', '.join(signature.parameters)}, and was "
            f"given {given}: {error}"
        ) from None


class Operator(Module):
    """A module that emits one primitive operator, with comfortable hyperparameters.

    The operator's node has the module's own name.
    """

    is_operator: ClassVar[bool] = True


class Block(Module):
    """A few operators that are used as a unit, such as a residual block."""


class Cell(Module):
    """A larger repeated unit, such as a stage or a searched cell."""


class Network(Module):
    """A whole model: takes named inputs, returns a tensor or a dictionary of tensors."""
