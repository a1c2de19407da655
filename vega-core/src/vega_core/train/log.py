"""Writes one line an epoch to the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

from vega_core.train.callbacks import Callback
from vega_core.train.progress import Progress

_LOG = logging.getLogger(__name__)


@dataclass
class ProgressLog(Callback):
    """Logs the metrics after each epoch, and why training ended early.

    Attributes:
        every: Epochs from one line to the next.
    """

    priority: ClassVar[int] = 900

    every: int = 1

    def after_epoch(self, progress: Progress) -> None:
        if progress.epoch % self.every == 0:
            values = "  ".join(f"{name} {value:.4g}" for name, value in progress.metrics.items())
            _LOG.info("trial %d  epoch %g  %s", progress.context.trial, progress.epoch, values)

    def after_train(self, progress: Progress) -> None:
        if progress.stopped:
            _LOG.info("trial %d  stopped: %s", progress.context.trial, progress.stopped)
