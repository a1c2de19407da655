"""The callback contract: code that runs at named moments of training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from vega_core.backend import StepResult

if TYPE_CHECKING:
    from vega_core.train.progress import Progress

EVENTS = (
    "before_train",
    "before_epoch",
    "after_step",
    "before_valid",
    "after_valid",
    "after_epoch",
    "after_train",
)
"""Moments of training, in the order in which they first come."""


class Callback:
    """Code that the standard trainer calls while it trains.

    One evaluation calls ``before_train`` once; then for each epoch ``before_epoch``,
    ``after_step`` once a step, ``before_valid`` and ``after_valid`` where the epoch is validated,
    and ``after_epoch``, before the epoch's checkpoint is written; at last ``after_train``, after
    the last checkpoint. At every moment the callbacks run by ascending ``priority``, those of
    equal priority in the order of the configuration. An exception ends the trial.

    Attributes:
        priority: Place among the callbacks; low numbers come first. Those of the core have 100
            (best checkpoint), 200 (early stop) and 900 (log).
    """

    priority: ClassVar[int] = 500

    def before_train(self, progress: Progress) -> None:
        """Called once, after the network is built and the checkpoint restored."""

    def before_epoch(self, progress: Progress) -> None:
        """Called before the first step of an epoch."""

    def after_step(self, progress: Progress, result: StepResult) -> None:
        """Called after each step; reading ``result`` waits for the device."""

    def before_valid(self, progress: Progress) -> None:
        """Called before the validation of an epoch."""

    def after_valid(self, progress: Progress) -> None:
        """Called when ``progress.metrics`` holds the epoch's validation."""

    def after_epoch(self, progress: Progress) -> None:
        """Called after the last step and the validation of an epoch."""

    def after_train(self, progress: Progress) -> None:
        """Called once, when the budget is used up or training was stopped."""

    def state(self) -> dict[str, Any]:
        """Returns plain JSON data that a resumed run needs; part of every checkpoint."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Takes back what ``state`` gave; called before ``before_train``."""


class CallbackList:
    """Calls callbacks in their order, and only those that have something to do."""

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        self._callbacks = sorted(callbacks, key=lambda item: item.priority)
        self._listeners = {
            event: [item for item in self._callbacks if _overrides(item, event)] for event in EVENTS
        }

    def emit(self, event: str, progress: Progress, *args: Any) -> None:
        """Calls one event on each callback that overrides it."""
        for callback in self._listeners[event]:
            getattr(callback, event)(progress, *args)

    def listens(self, event: str) -> bool:
        """Whether any callback overrides the event."""
        return bool(self._listeners[event])

    def state(self) -> list[dict[str, Any]]:
        """Returns the callbacks' states, in their order."""
        return [item.state() for item in self._callbacks]

    def load_state(self, states: Iterable[Mapping[str, Any]]) -> None:
        """Takes back what ``state`` gave."""
        for callback, state in zip(self._callbacks, states, strict=False):
            callback.load_state(state)


def _overrides(callback: Callback, event: str) -> bool:
    return getattr(type(callback), event) is not getattr(Callback, event)
