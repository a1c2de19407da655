"""Learning-rate schedules: functions of the step, computed in the core, in units of epochs."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from vega_core.errors import ConfigError


class Schedule(ABC):
    """How the learning rate goes over the epochs; holds no state, so a resumed run needs none.

    Example:
        >>> rates = StepLR(2).bind(lr=0.5, steps_per_epoch=10, epochs=4)
        >>> rates(0), rates(20)
        ({'lr': 0.5}, {'lr': 0.05})
    """

    @abstractmethod
    def rate(self, lr: float, epoch: float, epochs: float) -> float:
        """Returns the learning rate at a point of training.

        Args:
            lr: The optimizer's learning rate.
            epoch: Epochs done, with a fraction; at most ``epochs``.
            epochs: Length of the whole training.
        """

    def bind(self, *, lr: float, steps_per_epoch: int, epochs: float) -> BoundSchedule:
        """Returns the function from the step to the controls.

        Args:
            lr: The optimizer's learning rate.
            steps_per_epoch: Training steps of one epoch.
            epochs: Length of the whole training, also where a trial stops earlier.

        Raises:
            ConfigError: An epoch has no steps, or there are no epochs.
        """
        if steps_per_epoch < 1 or epochs <= 0:
            raise ConfigError(
                f"a schedule needs steps and epochs, and got {steps_per_epoch} steps an epoch "
                f"over {epochs} epochs"
            )
        return BoundSchedule(self, lr, steps_per_epoch, epochs)


@dataclass(frozen=True)
class BoundSchedule:
    """A schedule of one training: a function from the step to the control ``lr``.

    Attributes:
        schedule: The schedule.
        lr: The optimizer's learning rate.
        steps_per_epoch: Training steps of one epoch.
        epochs: Length of the whole training.
    """

    schedule: Schedule
    lr: float
    steps_per_epoch: int
    epochs: float

    def __call__(self, step: int) -> dict[str, float]:
        """Returns the controls of a step, counted from 0."""
        epoch = min(step / self.steps_per_epoch, self.epochs)
        return {"lr": self.schedule.rate(self.lr, epoch, self.epochs)}


@dataclass(frozen=True)
class Constant(Schedule):
    """The optimizer's own learning rate throughout."""

    def rate(self, lr: float, epoch: float, epochs: float) -> float:  # noqa: ARG002
        return lr


@dataclass(frozen=True)
class StepLR(Schedule):
    """Multiplied by ``gamma`` every ``step_size`` epochs.

    Attributes:
        step_size: Epochs between two reductions.
        gamma: What the rate is multiplied by.
    """

    step_size: float
    gamma: float = 0.1

    def __post_init__(self) -> None:
        _positive("StepLR.step_size", self.step_size)

    def rate(self, lr: float, epoch: float, epochs: float) -> float:  # noqa: ARG002
        return lr * self.gamma ** math.floor(epoch / self.step_size)


@dataclass(frozen=True)
class MultiStepLR(Schedule):
    """Multiplied by ``gamma`` at each milestone.

    Attributes:
        milestones: Epochs at whose begin the rate is reduced.
        gamma: What the rate is multiplied by.
    """

    milestones: Sequence[float]
    gamma: float = 0.1

    def rate(self, lr: float, epoch: float, epochs: float) -> float:  # noqa: ARG002
        return float(lr * self.gamma ** sum(epoch >= milestone for milestone in self.milestones))


@dataclass(frozen=True)
class Exponential(Schedule):
    """Multiplied by ``gamma`` after each epoch.

    Attributes:
        gamma: What the rate is multiplied by.
    """

    gamma: float = 0.95

    def rate(self, lr: float, epoch: float, epochs: float) -> float:  # noqa: ARG002
        return float(lr * self.gamma ** math.floor(epoch))


@dataclass(frozen=True)
class CosineAnnealing(Schedule):
    """Half a cosine from the learning rate to ``eta_min`` (Loshchilov and Hutter, 2017).

    It moves at every step, not only from epoch to epoch.

    Attributes:
        t_max: Epochs of the descent; the whole training by default.
        eta_min: The last learning rate.
    """

    t_max: float | None = None
    eta_min: float = 0.0

    def __post_init__(self) -> None:
        _positive("CosineAnnealing.t_max", 1 if self.t_max is None else self.t_max)

    def rate(self, lr: float, epoch: float, epochs: float) -> float:
        length = self.t_max or epochs
        return _cosine(lr, self.eta_min, min(epoch / length, 1.0))


@dataclass(frozen=True)
class WarmupCosine(Schedule):
    """A linear rise over the first epochs, then half a cosine to ``eta_min`` (Goyal et al., 2017).

    Attributes:
        warmup_epochs: Epochs of the rise.
        start_factor: Where the rise begins, as a share of the learning rate.
        eta_min: The last learning rate.
    """

    warmup_epochs: float = 5.0
    start_factor: float = 0.1
    eta_min: float = 0.0

    def __post_init__(self) -> None:
        _positive("WarmupCosine.warmup_epochs", self.warmup_epochs)

    def rate(self, lr: float, epoch: float, epochs: float) -> float:
        if epoch < self.warmup_epochs:
            done = epoch / self.warmup_epochs
            return lr * (self.start_factor + (1 - self.start_factor) * done)
        rest = max(epochs - self.warmup_epochs, 1e-9)
        return _cosine(lr, self.eta_min, min((epoch - self.warmup_epochs) / rest, 1.0))


@dataclass(frozen=True)
class Polynomial(Schedule):
    """lr (1 - epoch / epochs)^power, and never less than ``eta_min``.

    Attributes:
        power: The exponent; 1 is a straight line.
        eta_min: The last learning rate.
    """

    power: float = 0.9
    eta_min: float = 0.0

    def __post_init__(self) -> None:
        _positive("Polynomial.power", self.power)

    def rate(self, lr: float, epoch: float, epochs: float) -> float:
        left: float = (1 - epoch / epochs) ** self.power
        return self.eta_min + (lr - self.eta_min) * left


def _cosine(lr: float, last: float, done: float) -> float:
    return last + (lr - last) * (1 + math.cos(math.pi * done)) / 2


def _positive(where: str, value: float) -> None:
    if not value > 0:
        raise ConfigError(f"{where}: {value} is not positive")
