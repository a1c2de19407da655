"""Passes what happens in a run to several watchers, and to the plugins that listen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vega_core.execute import Ended, Report
from vega_core.pipeline.progress import Progress
from vega_core.pipeline.records import ModelRecord
from vega_core.plugins.events import Events, TrialEvent
from vega_core.search import Plan, Proposal


class Listeners(Progress):
    """Emits ``vega_trial_finished`` to plugins; the run emits its own events."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def trial_ended(
        self,
        proposal: Proposal,
        ended: Ended,
        best: Mapping[str, float] | None,  # noqa: ARG002
        again: bool,
    ) -> None:
        if again:
            return
        trial = TrialEvent(
            step=ended.key.step,
            trial=proposal.trial,
            budget=proposal.budget,
            state=str(ended.state),
            config=proposal.config,
            metrics=ended.metrics or {},
            reason=ended.reason,
            seconds=ended.seconds,
            attempt=ended.key.attempt,
        )
        self._events.emit("vega_trial_finished", trial=trial)


class Watchers(Progress):
    """Several watchers as one."""

    def __init__(self, *watchers: Progress) -> None:
        self._watchers = watchers

    def step_started(self, step: str, index: int, steps: int, plan: Plan | None) -> None:
        self._each("step_started", step, index, steps, plan)

    def trial_started(self, proposal: Proposal, attempt: int) -> None:
        self._each("trial_started", proposal, attempt)

    def reported(self, report: Report) -> None:
        self._each("reported", report)

    def trial_ended(
        self, proposal: Proposal, ended: Ended, best: Mapping[str, float] | None, again: bool
    ) -> None:
        self._each("trial_ended", proposal, ended, best, again)

    def step_finished(self, step: str, records: Sequence[ModelRecord], seconds: float) -> None:
        self._each("step_finished", step, records, seconds)

    def message(self, text: str) -> None:
        self._each("message", text)

    def _each(self, method: str, *arguments: Any) -> None:
        for watcher in self._watchers:
            getattr(watcher, method)(*arguments)
