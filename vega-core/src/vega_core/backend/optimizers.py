"""Update rules: one definition each, with a NumPy reference that every backend is held against."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from vega_core.arrays import Array
from vega_core.errors import ConfigError
from vega_core.nn.primitive import Kind

SlotForm: TypeAlias = Literal["parameter", "count"]
Rates: TypeAlias = Mapping[str, float]
Result: TypeAlias = tuple[Array, dict[str, Array]]


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
    """What is kept a parameter: an array like it, or a count of its updates (int64)."""
    rates: ClassVar[tuple[str, ...]]
    """Fields that are controls."""

    lr: float = 1e-3
    weight_decay: float = 0.0
    groups: Sequence[Group] = ()
    decay_all: bool = False

    def __post_init__(self) -> None:
        groups = tuple(g if isinstance(g, Group) else Group(**g) for g in self.groups)
        object.__setattr__(self, "groups", groups)
        for name, value in self.controls().items():
            if not 0 <= value < float("inf"):
                raise ConfigError(f"{type(self).__name__}.{name}: {value} is not in [0, inf)")
        for name in ("momentum", "beta1", "beta2", "alpha"):
            if self.controls().get(name, 0.0) >= 1:
                value = self.controls()[name]
                raise ConfigError(f"{type(self).__name__}.{name}: {value} is not in [0, 1)")

    @abstractmethod
    def update(
        self, parameter: Array, gradient: Array, slots: Mapping[str, Array], rates: Rates
    ) -> Result:
        """Returns the parameter and its slots after one step; changes nothing in place.

        Args:
            parameter: The parameter.
            gradient: The gradient of the loss.
            slots: The parameter's slots; zeros at first.
            rates: The controls; ``lr`` and ``weight_decay`` are scaled for this parameter.
        """

    def controls(self) -> dict[str, float]:
        """Returns the rates by control name."""
        return {name: float(getattr(self, name)) for name in self.rates}

    def structure(self) -> dict[str, Any]:
        """Returns what is no control, as plain data."""
        own = [f.name for f in fields(self) if f.name not in (*self.rates, "groups", "betas")]
        groups = [[g.pattern, g.lr_scale, g.decay_scale] for g in self.groups]
        values = {name: getattr(self, name) for name in own}
        return {"type": type(self).__name__, "groups": groups, **values}

    def scales(self, name: str, kind: Kind) -> tuple[float, float]:
        """Returns what multiplies the learning rate and the weight decay of a parameter."""
        decays = 1.0 if self.decay_all or kind == "weight" else 0.0
        for group in self.groups:
            if fnmatchcase(name, group.pattern):
                asked = decays if group.decay_scale is None else group.decay_scale
                return group.lr_scale, asked
        return 1.0, decays


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """Stochastic gradient descent: v = momentum v + g, w = w - lr v.

    The velocity has no dampening and the rate is outside of it, as in PyTorch; weight decay is
    added to the gradient.

    Attributes:
        lr: Learning rate.
        momentum: Share of the velocity that stays.
        weight_decay: Multiplied by the weight and added to its gradient.
        nesterov: Whether the step is g + momentum v (Nesterov's form of Sutskever et al., 2013).
        groups: Parameters with rates of their own.
        decay_all: Whether norms and biases decay too.
    """

    slots: ClassVar[Mapping[str, SlotForm]] = {"velocity": "parameter"}
    rates: ClassVar[tuple[str, ...]] = ("lr", "momentum", "weight_decay")

    momentum: float = 0.0
    nesterov: bool = False

    def update(
        self, parameter: Array, gradient: Array, slots: Mapping[str, Array], rates: Rates
    ) -> Result:
        gradient = gradient + rates["weight_decay"] * parameter
        velocity = rates["momentum"] * slots["velocity"] + gradient
        step = gradient + rates["momentum"] * velocity if self.nesterov else velocity
        return parameter - rates["lr"] * step, {"velocity": velocity}


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), with epsilon outside of the root of the corrected variance.

    Attributes:
        lr: Learning rate.
        betas: Shares of the two means that stay: the controls ``beta1`` and ``beta2``.
        eps: Added to the root of the second mean.
        weight_decay: Multiplied by the weight and added to its gradient.
        groups: Parameters with rates of their own.
        decay_all: Whether norms and biases decay too.
    """

    slots: ClassVar[Mapping[str, SlotForm]] = {
        "exp_avg": "parameter",
        "exp_avg_sq": "parameter",
        "steps": "count",
    }
    rates: ClassVar[tuple[str, ...]] = ("lr", "eps", "weight_decay")

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def controls(self) -> dict[str, float]:
        return {**super().controls(), "beta1": self.betas[0], "beta2": self.betas[1]}

    def update(
        self, parameter: Array, gradient: Array, slots: Mapping[str, Array], rates: Rates
    ) -> Result:
        gradient = gradient + rates["weight_decay"] * parameter
        return adam_step(parameter, gradient, slots, rates)


@dataclass(frozen=True, kw_only=True)
class AdamW(Optimizer):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019).

    Attributes:
        lr: Learning rate.
        betas: Shares of the two means that stay: the controls ``beta1`` and ``beta2``.
        eps: Added to the root of the second mean.
        weight_decay: The weight is first multiplied by 1 - lr weight_decay.
        groups: Parameters with rates of their own.
        decay_all: Whether norms and biases decay too.
    """

    slots: ClassVar[Mapping[str, SlotForm]] = Adam.slots
    rates: ClassVar[tuple[str, ...]] = ("lr", "eps", "weight_decay")

    weight_decay: float = 1e-2
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def controls(self) -> dict[str, float]:
        return {**super().controls(), "beta1": self.betas[0], "beta2": self.betas[1]}

    def update(
        self, parameter: Array, gradient: Array, slots: Mapping[str, Array], rates: Rates
    ) -> Result:
        parameter = parameter * (1 - rates["lr"] * rates["weight_decay"])
        return adam_step(parameter, gradient, slots, rates)


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton, 2012) in PyTorch's form.

    Attributes:
        lr: Learning rate.
        alpha: Share of the mean square that stays.
        eps: Added to the root of the mean square.
        momentum: Share of the velocity that stays.
        weight_decay: Multiplied by the weight and added to its gradient.
        groups: Parameters with rates of their own.
        decay_all: Whether norms and biases decay too.
    """

    slots: ClassVar[Mapping[str, SlotForm]] = {
        "square_avg": "parameter",
        "momentum_buffer": "parameter",
    }
    rates: ClassVar[tuple[str, ...]] = ("lr", "alpha", "eps", "momentum", "weight_decay")

    alpha: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0

    def update(
        self, parameter: Array, gradient: Array, slots: Mapping[str, Array], rates: Rates
    ) -> Result:
        gradient = gradient + rates["weight_decay"] * parameter
        alpha = rates["alpha"]
        square = alpha * slots["square_avg"] + (1 - alpha) * gradient * gradient
        scaled = gradient / (np.sqrt(square) + rates["eps"])
        buffer = rates["momentum"] * slots["momentum_buffer"] + scaled
        parameter = parameter - rates["lr"] * buffer
        return parameter, {"square_avg": square, "momentum_buffer": buffer}


def adam_step(
    parameter: Array, gradient: Array, slots: Mapping[str, Array], rates: Rates
) -> Result:
    """Returns Adam's step without weight decay."""
    beta1, beta2, steps = rates["beta1"], rates["beta2"], slots["steps"] + 1
    mean = beta1 * slots["exp_avg"] + (1 - beta1) * gradient
    square = beta2 * slots["exp_avg_sq"] + (1 - beta2) * gradient * gradient
    root = np.sqrt(square) / np.sqrt(1 - beta2**steps) + rates["eps"]
    parameter = parameter - rates["lr"] / (1 - beta1**steps) * mean / root
    return parameter, {"exp_avg": mean, "exp_avg_sq": square, "steps": steps}
