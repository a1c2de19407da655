"""Collects what happens in a step, and commits it to the journal in one piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from vega_core.execute import Ended, Report, Started
from vega_core.search import Proposal, Start
from vega_core.store.journal import Journal
from vega_core.store.records import (
    Asked,
    AttemptEnded,
    AttemptStarted,
    JournalEvent,
    Reported,
    Told,
)


class Recorder:
    """Turns what happens into journal events; nothing is on the disk before `commit`.

    Args:
        step: Name of the step.
        journal: Where events go; None keeps none.
    """

    def __init__(self, step: str, journal: Journal | None) -> None:
        self._step = step
        self._journal = journal
        self._events: list[JournalEvent] = []
        self._reports: dict[tuple[int, float, int], int] = {}

    def commit(self) -> None:
        """Commits everything since the last commit as one transaction."""
        if self._events and self._journal is not None:
            self._journal.append_many(self._events)
        self._events = []

    def asked(self, proposal: Proposal) -> None:
        """The algorithm has proposed an evaluation."""
        self._events.append(
            Asked(
                step=self._step,
                proposal=proposal.id,
                trial=proposal.trial,
                budget=float(proposal.budget),
                config=proposal.config,
                start=start_data(proposal.start),
            )
        )

    def started(self, event: Started) -> None:
        """A worker has taken an attempt."""
        _, trial, budget, attempt = event.key
        self._events.append(
            AttemptStarted(
                step=self._step, trial=trial, budget=budget, attempt=attempt, worker=event.worker
            )
        )

    def reported(self, event: Report) -> None:
        """An attempt has reported metrics."""
        _, trial, budget, attempt = event.key
        sequence = self._reports.get((trial, budget, attempt), 0) + 1
        self._reports[trial, budget, attempt] = sequence
        self._events.append(
            Reported(
                step=self._step,
                trial=trial,
                budget=budget,
                attempt=attempt,
                sequence=sequence,
                metrics=event.metrics,
                at=event.step,
            )
        )

    def ended(self, event: Ended) -> None:
        """An attempt has ended."""
        _, trial, budget, attempt = event.key
        self._reports.pop((trial, budget, attempt), None)
        self._events.append(
            AttemptEnded(
                step=self._step,
                trial=trial,
                budget=budget,
                attempt=attempt,
                state=str(event.state),
                metrics=event.metrics,
                reason=event.reason,
                seconds=event.seconds,
                compile_seconds=event.compile_seconds,
                fingerprint=event.fingerprint,
            )
        )

    def told(self, proposal: Proposal, metrics: Mapping[str, float] | None) -> None:
        """The algorithm has been told of an evaluation; None is a failure."""
        self._events.append(
            Told(
                step=self._step,
                proposal=proposal.id,
                trial=proposal.trial,
                budget=float(proposal.budget),
                metrics=metrics,
            )
        )


def start_data(start: Start) -> dict[str, Any]:
    """Returns a start as plain data, with its kind under ``type``."""
    return {"type": type(start).__name__, **asdict(start)}
