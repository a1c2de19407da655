"""Ctrl-C and SIGTERM: once finishes tidily, twice stops at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, final

from typing_extensions import Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@final
class StopSignals:
    """Turns the first signal into a call of `on_stop`'s function; a second one leaves at once.

    A second Ctrl-C raises KeyboardInterrupt, a third one or a second SIGTERM ends the process.
    Workers die with the driver, so that nothing is left behind; everything that was told to
    anybody is in the journal by then. Outside of the main thread it does nothing.

    Attributes:
        received: Number of the first signal that came, or 0.
    """

    def __init__(self) -> None:
        self.received = 0
        self._leaving = False
        self._stop: Callable[[], None] = lambda: None
        self._before: dict[int, Any] = {}

    def on_stop(self, stop: Callable[[], None]) -> None:
        """Registers what the first signal calls; called at once if the signal has come already."""
        self._stop = stop
        if self.received:
            stop()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if not self.received:
            self.received = number
            self._stop()
        elif number == signal.SIGINT and not self._leaving:
            self._leaving = True
            raise KeyboardInterrupt
        else:
            os._exit(128 + number)
