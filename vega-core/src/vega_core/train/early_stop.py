"""Stops a trial that no longer improves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from vega_core.errors import ConfigError, suggest
from vega_core.train.callbacks import Callback
from vega_core.train.progress import Progress


@dataclass
class EarlyStop(Callback):
    """Ends training where a metric has not improved for some validations in a row.

    Attributes:
        metric: Name of the metric, as reported.
        patience: Validations without improvement after which training ends.
        min_delta: What a change must exceed to be an improvement.
    """

    priority: ClassVar[int] = 200

    metric: str = "loss"
    patience: int = 5
    min_delta: float = 0.0

    _best: float | None = field(default=None, init=False)
    _waited: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.patience < 1 or self.min_delta < 0:
            raise ConfigError(
                f"early_stop: patience must be at least 1 and min_delta at least 0, "
                f"not {self.patience} and {self.min_delta}"
            )

    def after_valid(self, progress: Progress) -> None:
        cost = cost_of(self.metric, progress)
        if cost < (math.inf if self._best is None else self._best - self.min_delta):
            self._best, self._waited = cost, 0
            return
        self._waited += 1
        if self._waited >= self.patience:
            progress.stop(f"'{self.metric}' has not improved for {self._waited} validations")

    def state(self) -> dict[str, Any]:
        return {"best": self._best, "waited": self._waited}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._best, self._waited = state["best"], state["waited"]


def cost_of(metric: str, progress: Progress) -> float:
    """Returns a metric's value as something to make small; infinite where it is NaN.

    Raises:
        ConfigError: No such metric is measured.
    """
    if metric not in progress.metrics or metric not in progress.directions:
        raise ConfigError(
            f"a callback watches '{metric}', but the trainer measures "
            f"{', '.join(progress.metrics)}{suggest(metric, progress.metrics)}"
        )
    value = progress.metrics[metric]
    if math.isnan(value):
        return math.inf
    return -value if progress.directions[metric] == "max" else value
