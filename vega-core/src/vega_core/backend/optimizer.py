"""The optimizer contract: an update rule with the defaults of its rates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, ClassVar, TypeAlias

from vega_core.arrays import Array
from vega_core.backend.slots import SlotForm
from vega_core.errors import ConfigError
from vega_core.nn.primitive import Kind

Rates: TypeAlias = Mapping[str, float]
Result: TypeAlias = tuple[Array, dict[str, Array]]

_SPARED: frozenset[Kind] = frozenset({"bias", "norm"})
"""Kinds of parameters that do not decay unless asked."""


@dataclass(frozen=True)
class Group:
    """Parameters that are updated at rates of their own.

    Attributes:
        pattern: Pattern of the parameters' names; the first group that matches holds.
        lr_scale: Multiplies the learning rate.
        decay_scale: Multiplies the weight decay; None for 1, and 0 for norms and biases.
    """

    pattern: str
    lr_scale: float = 1.0
    decay_scale: float | None = None


@dataclass(frozen=True, kw_only=True)
class Optimizer(ABC):
    """An update rule with the defaults of its rates.

    The rates (learning rate, momentum, ...) are controls: they may be given anew at each step and
    never compile anything. Everything else is structure.

    Attributes:
        lr: Learning rate.
        weight_decay: Weight decay; norms and biases are spared unless ``decay_all`` or a group
            says otherwise.
        groups: Parameters with rates of their own.
        decay_all: Whether norms and biases decay too.
    """

    slots: ClassVar[Mapping[str, SlotForm]]
    """What is kept beside a parameter, by slot name."""
    rates: ClassVar[tuple[str, ...]]
    """Fields that are controls."""
    shares: ClassVar[tuple[str, ...]] = ()
    """Controls that stay below 1."""

    lr: float = 1e-3
    weight_decay: float = 0.0
    groups: Sequence[Group] = ()
    decay_all: bool = False

    def __post_init__(self) -> None:
        groups = tuple(g if isinstance(g, Group) else Group(**g) for g in self.groups)
        object.__setattr__(self, "groups", groups)
        for name, value in self.controls().items():
            bound = 1 if name in self.shares else float("inf")
            if not 0 <= value < bound:
                raise ConfigError(f"{type(self).__name__}.{name}: {value} is not in [0, {bound})")

    @abstractmethod
    def update(
        self, parameter: Array, gradient: Array, slots: Mapping[str, Array], rates: Rates
    ) -> Result:
        """Returns the parameter and its slots after one step; changes nothing in place.

        The rule is one of elements: it may look at no other element of the arrays, so that it can
        be applied to some rows alone.

        Args:
            parameter: The parameter.
            gradient: The gradient of the loss.
            slots: The parameter's slots.
            rates: The controls; ``lr`` and ``weight_decay`` are scaled for this parameter.
        """

    def controls(self) -> dict[str, float]:
        """Returns the rates by control name."""
        return {name: float(getattr(self, name)) for name in self.rates}

    def structure(self) -> dict[str, Any]:
        """Returns what is no control, as plain data."""
        own = [f.name for f in fields(self) if f.name not in (*self.rates, "groups")]
        groups = [[g.pattern, g.lr_scale, g.decay_scale] for g in self.groups]
        values = {name: getattr(self, name) for name in own}
        return {"type": type(self).__name__, "groups": groups, **values}

    def scales(self, name: str, kind: Kind) -> tuple[float, float]:
        """Returns what multiplies the learning rate and the weight decay of a parameter."""
        decays = 1.0 if self.decay_all or kind not in _SPARED else 0.0
        for group in self.groups:
            if fnmatchcase(name, group.pattern):
                asked = decays if group.decay_scale is None else group.decay_scale
                return group.lr_scale, asked
        return 1.0, decays


def scaled(rates: Rates, lr_scale: float, decay_scale: float) -> dict[str, float]:
    """Returns the rates of one parameter, given what `Optimizer.scales` says of it."""
    return {
        **rates,
        "lr": rates["lr"] * lr_scale,
        "weight_decay": rates["weight_decay"] * decay_scale,
    }
