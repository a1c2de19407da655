"""What an executor takes and gives: attempts in, each one's end out, exactly once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from vega_core.execute.records import Attempt, Ended, Event, Key, Limits, Report, Started
from vega_core.execute.states import AttemptState

if TYPE_CHECKING:
    from typing_extensions import Self  # workers import this module; they start faster without

__all__ = [
    "Attempt",
    "AttemptState",
    "Channel",
    "Ended",
    "Event",
    "Executor",
    "Key",
    "Limits",
    "Report",
    "Started",
]


class Channel(ABC):
    """The running attempt's way to the driver: second argument of a target.

    All methods may be called from any thread of the worker, but not from another process.
    """

    @property
    @abstractmethod
    def attempt(self) -> Attempt:
        """The attempt that runs."""

    @property
    @abstractmethod
    def should_stop(self) -> bool:
        """Whether the attempt should save its state and return; cheap enough for every batch.

        An attempt that returns after it saw ``True`` here ends ``pruned`` or ``cancelled``, with
        the metrics that it returned; one that never looked ends ``ok``.
        """

    @abstractmethod
    def report(self, metrics: Mapping[str, float], step: float) -> None:
        """Sends metrics to the driver and restarts the no-progress clock.

        Raises:
            TypeError: A metric is no number; names it.
        """

    @abstractmethod
    def progress(self) -> None:
        """Restarts the no-progress clock; cheap enough for every batch."""

    @abstractmethod
    def compiling(self) -> AbstractContextManager[None]:
        """Stops the no-progress clock inside the block and counts its time as compilation."""


class Executor(ABC):
    """Runs attempts, at most ``slots`` at a time, and gives each one's end exactly once.

    The driver calls it, from the thread that made it: ``submit`` while ``free`` is positive (more
    are queued), ``poll`` in a loop, ``close`` at last, or ``with``. ``request_stop`` may also be
    called from a signal handler of that thread, and ``wake`` from any thread. An author of an
    executor writes the methods with a leading underscore; the public ones count and check.

    For each key the events come in the order ``Started``, any number of ``Report``, ``Ended``; an
    attempt that is stopped while queued has an ``Ended`` alone.
    """

    def __init__(self, slots: int) -> None:
        if slots < 1:
            raise ValueError(f"an executor needs at least one slot, not {slots}")
        self._slots = slots
        self._open: dict[Key, Attempt] = {}
        self._closed = False

    @classmethod
    def create(cls, slots: int, logs: Path | None = None) -> Self:  # noqa: ARG003
        """Makes an executor as a configuration asks for it.

        Args:
            slots: Attempts that run at the same time, ``general.workers``.
            logs: Folder for the workers' own logs; None keeps none.
        """
        return cls(slots)

    @property
    def slots(self) -> int:
        """Attempts that run at the same time."""
        return self._slots

    @property
    def in_flight(self) -> tuple[Key, ...]:
        """Attempts submitted and not ended, in the order of submission."""
        return tuple(self._open)

    @property
    def free(self) -> int:
        """Attempts that can be submitted now and start without queueing; never negative."""
        return max(0, self.slots - len(self._open))

    def submit(self, attempt: Attempt) -> None:
        """Takes an attempt and returns at once.

        Raises:
            ValueError: Its key is in flight already.
            TypeError: Its payload is not JSON; names the value.
            RunFailed: No worker can be started.
            RuntimeError: The executor is closed.
        """
        if self._closed:
            raise RuntimeError("the executor is closed; make a new one")
        if attempt.key in self._open:
            raise ValueError(f"attempt {attempt.key} is in flight already")
        self._open[attempt.key] = attempt
        try:
            self._submit(attempt)
        except BaseException:
            self._open.pop(attempt.key, None)
            raise

    def poll(self, timeout: float | None = None) -> list[Event]:
        """Waits for events and returns all that are there.

        Args:
            timeout: Seconds to wait for the first event; ``None`` waits without end, 0 looks only.

        Returns:
            The events in order; empty at the timeout, after ``wake``, and at once where nothing is
            in flight.

        Raises:
            RunFailed: Workers cannot be started any more; ``close`` gives the ends of the rest.
        """
        if self._closed:
            raise RuntimeError("the executor is closed; make a new one")
        return list(self._ends(self._poll(timeout)))

    def request_stop(self, key: Key | None = None) -> None:
        """Asks one attempt, or all, to save and return; returns at once.

        A named attempt then ends ``pruned``; where all are asked, ``cancelled``. Queued ones end
        without starting. An attempt may take as long as it likes: see ``kill``.
        """
        self._request_stop(
            self._keys(key), AttemptState.CANCELLED if key is None else AttemptState.PRUNED
        )

    def kill(self, key: Key | None = None) -> None:
        """Ends one attempt, or all, by force; they end ``cancelled`` at the next ``poll``."""
        self._kill(self._keys(key))

    @abstractmethod
    def wake(self) -> None:
        """Makes a waiting ``poll`` return; for other threads and for signal handlers."""

    def close(self) -> list[Event]:
        """Ends all attempts by force and leaves nothing behind; may be called twice.

        Returns:
            The events not yet polled, so that every attempt has its end.
        """
        if self._closed:
            return []
        self._closed = True
        events = list(self._ends(self._close()))
        rest = [Ended(key, AttemptState.CANCELLED, reason="executor closed") for key in self._open]
        self._open.clear()
        return events + rest

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _keys(self, key: Key | None) -> tuple[Key, ...]:
        return tuple(self._open) if key is None else (key,) if key in self._open else ()

    def _ends(self, events: list[Event]) -> Iterator[Event]:
        """Passes events of open attempts, closing each at its end."""
        for event in events:
            if event.key not in self._open:
                continue
            if isinstance(event, Ended):
                del self._open[event.key]
            yield event

    @abstractmethod
    def _submit(self, attempt: Attempt) -> None: ...

    @abstractmethod
    def _poll(self, timeout: float | None) -> list[Event]: ...

    @abstractmethod
    def _request_stop(self, keys: tuple[Key, ...], state: AttemptState) -> None: ...

    @abstractmethod
    def _kill(self, keys: tuple[Key, ...]) -> None: ...

    @abstractmethod
    def _close(self) -> list[Event]: ...
