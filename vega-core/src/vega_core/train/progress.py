"""Where training stands: what callbacks see, and what a checkpoint remembers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, SupportsFloat

from vega_core.backend import Executable, ParamStore
from vega_core.errors import NotFiniteError
from vega_core.train.context import Context
from vega_core.train.metrics import Direction


class MeanLoss:
    """The mean training loss of an epoch, read from the device only now and then."""

    def __init__(self, total: float = 0.0, count: int = 0) -> None:
        self._total = total
        self._count = count
        self._pending: list[SupportsFloat] = []

    def add(self, loss: SupportsFloat) -> None:
        """Takes a step's loss, which may still be on its way."""
        self._pending.append(loss)

    def read(self, step: int) -> float:
        """Waits for the losses and returns the mean so far.

        Raises:
            NotFiniteError: One of them is NaN or infinite.
        """
        for place, loss in enumerate(self._pending, step - len(self._pending) + 1):
            value = float(loss)
            if not math.isfinite(value):
                raise NotFiniteError(f"the training loss is {value} at step {place}")
            self._total += value
            self._count += 1
        self._pending.clear()
        return self._total / self._count if self._count else math.nan

    def to_json(self) -> list[float]:
        """Returns the sum and count of the losses read."""
        return [self._total, self._count]


@dataclass
class Progress:
    """The state of one evaluation while it trains.

    Attributes:
        context: The evaluation's context.
        store: Parameters, statistics and optimizer slots.
        executable: Runs steps and predictions over the store.
        steps_per_epoch: Steps of one epoch.
        last_step: Step at which the evaluation's budget is used up.
        directions: Whether more or less is better, by metric name.
        step: Steps done since the trial began.
        metrics: The latest measures on the validation split, and ``train_loss``.
        stopped: Why the trial needs no more training; empty while it does.
        loss: The mean training loss of the epoch under way.
        cold: Whether no step was run yet, so that the next one may compile.
    """

    context: Context
    store: ParamStore
    executable: Executable
    steps_per_epoch: int
    last_step: int
    directions: Mapping[str, Direction]
    step: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    stopped: str = ""
    loss: MeanLoss = field(default_factory=MeanLoss)
    cold: bool = True

    @property
    def epoch(self) -> float:
        """Epochs done since the trial began; whole numbers at the ends of epochs."""
        whole, rest = divmod(self.step, self.steps_per_epoch)
        return whole if not rest else self.step / self.steps_per_epoch

    def stop(self, reason: str) -> None:
        """Ends the trial's training after this epoch, for good."""
        self.stopped = reason

    def position(self) -> dict[str, Any]:
        """Returns what a checkpoint remembers besides parameters and slots."""
        return {
            "step": self.step,
            "epoch": self.epoch,
            "metrics": dict(self.metrics),
            "stopped": self.stopped,
            "loss": self.loss.to_json(),
        }

    def load_position(self, position: Mapping[str, Any]) -> None:
        """Takes back what ``position`` gave."""
        self.step = position["step"]
        self.metrics = dict(position["metrics"])
        self.stopped = position["stopped"]
        total, count = position["loss"]
        self.loss = MeanLoss(total, int(count))
