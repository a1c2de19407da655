"""Update rules: one definition each, with a NumPy reference that every backend is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vega_core.arrays import Array
from vega_core.backend.optimizer import Optimizer, Rates, Result
from vega_core.backend.slots import SlotForm
from vega_core.errors import ConfigError


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
    shares: ClassVar[tuple[str, ...]] = ("momentum",)

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
class _Moments(Optimizer):
    """What the Adams share: two running means of the gradient, and their step."""

    slots: ClassVar[Mapping[str, SlotForm]] = {
        "exp_avg": "parameter",
        "exp_avg_sq": "parameter",
        "steps": "count",
    }
    rates: ClassVar[tuple[str, ...]] = ("lr", "eps", "weight_decay")
    shares: ClassVar[tuple[str, ...]] = ("beta1", "beta2")

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def __post_init__(self) -> None:
        try:
            _, _ = map(float, self.betas)
        except (TypeError, ValueError):
            name = type(self).__name__
            raise ConfigError(f"{name}.betas: {self.betas!r} is not two numbers") from None
        super().__post_init__()

    def controls(self) -> dict[str, float]:
        beta1, beta2 = self.betas
        return {**super().controls(), "beta1": float(beta1), "beta2": float(beta2)}

    def structure(self) -> dict[str, Any]:
        return {name: value for name, value in super().structure().items() if name != "betas"}


@dataclass(frozen=True, kw_only=True)
class Adam(_Moments):
    """Adam (Kingma and Ba, 2015), with epsilon outside of the root of the corrected variance.

    Attributes:
        lr: Learning rate.
        betas: Shares of the two means that stay: the controls ``beta1`` and ``beta2``.
        eps: Added to the root of the second mean.
        weight_decay: Multiplied by the weight and added to its gradient.
        groups: Parameters with rates of their own.
        decay_all: Whether norms and biases decay too.
    """

    def update(
        self, parameter: Array, gradient: Array, slots: Mapping[str, Array], rates: Rates
    ) -> Result:
        gradient = gradient + rates["weight_decay"] * parameter
        return adam_step(parameter, gradient, slots, rates)


@dataclass(frozen=True, kw_only=True)
class AdamW(_Moments):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019).

    Attributes:
        lr: Learning rate.
        betas: Shares of the two means that stay: the controls ``beta1`` and ``beta2``.
        eps: Added to the root of the second mean.
        weight_decay: The weight is first multiplied by 1 - lr weight_decay.
        groups: Parameters with rates of their own.
        decay_all: Whether norms and biases decay too.
    """

    weight_decay: float = 1e-2

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
    shares: ClassVar[tuple[str, ...]] = ("alpha", "momentum")

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


@dataclass(frozen=True, kw_only=True)
class GRDA(Optimizer):
    """Generalized regularized dual averaging (Chao and Cheng, 2019): weights become exactly 0.

    Steps go into an accumulator v, which begins as the weight: v = v - lr g. The weight is
    sign(v) max(|v| - h, 0) with the threshold h = c lr^(1/2) (t lr)^mu after t steps. Each step
    adds its own part, c lr^(1/2 + mu) (t^mu - (t - 1)^mu), so that h never falls under a schedule.

    Attributes:
        lr: Learning rate.
        c: Size of the threshold.
        mu: Power of its growth.
        weight_decay: Multiplied by the weight and added to its gradient.
        groups: Parameters with rates of their own.
        decay_all: Whether norms and biases decay too.
    """

    slots: ClassVar[Mapping[str, SlotForm]] = {
        "accumulator": "copy",
        "threshold": "number",
        "steps": "count",
    }
    rates: ClassVar[tuple[str, ...]] = ("lr", "c", "mu", "weight_decay")

    c: float = 5e-4
    mu: float = 0.8

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mu == 0:
            raise ConfigError("GRDA.mu: 0.0 is not positive")

    def update(
        self, parameter: Array, gradient: Array, slots: Mapping[str, Array], rates: Rates
    ) -> Result:
        gradient = gradient + rates["weight_decay"] * parameter
        accumulator = slots["accumulator"] - rates["lr"] * gradient
        steps, mu = slots["steps"] + 1, rates["mu"]
        with np.errstate(divide="ignore"):
            # t^mu - (t - 1)^mu without the difference of two large numbers.
            growth = -np.power(steps, mu) * np.expm1(mu * np.log1p(-1 / steps))
        threshold = slots["threshold"] + rates["c"] * rates["lr"] ** (0.5 + mu) * growth
        left = np.maximum(np.abs(accumulator) - threshold, 0)
        kept = {"accumulator": accumulator, "threshold": threshold, "steps": steps}
        return np.sign(accumulator) * left, kept


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
