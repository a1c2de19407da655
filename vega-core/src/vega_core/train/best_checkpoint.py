"""Keeps the best parameters of a trial beside its last ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from vega_core.errors import StateError
from vega_core.train.callbacks import Callback
from vega_core.train.context import BEST
from vega_core.train.early_stop import cost_of
from vega_core.train.progress import Progress


@dataclass
class BestCheckpoint(Callback):
    """Saves the parameters at each new best, and ends the evaluation with the best ones.

    The checkpoint ``best`` is what the trial hands on; the metrics returned are those measured
    with it. A later evaluation of the trial continues from the last parameters all the same.

    Attributes:
        metric: Name of the metric that tells which is best.
    """

    priority: ClassVar[int] = 100

    metric: str = "loss"

    _best: float | None = field(default=None, init=False)

    def after_valid(self, progress: Progress) -> None:
        cost = cost_of(self.metric, progress)
        if cost < (math.inf if self._best is None else self._best):
            self._best = cost
            progress.context.save(progress.store.export(), progress.position(), BEST)

    def after_train(self, progress: Progress) -> None:
        if self._best is None:
            return  # every validation gave NaN
        saved = progress.context.restore(BEST)
        if saved is None:
            raise StateError(f"the trial has no checkpoint '{BEST}', though it was validated")
        state, position = saved
        progress.store.load(state)
        progress.metrics = dict(position["metrics"])

    def state(self) -> dict[str, Any]:
        return {"best": self._best}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._best = state["best"]
