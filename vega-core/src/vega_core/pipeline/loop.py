"""The search loop: ask, run, record, tell."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from vega_core.errors import VegaError
from vega_core.execute import Attempt, AttemptState, Ended, Executor, Report, Started
from vega_core.pipeline.evaluation import Evaluation, counts
from vega_core.pipeline.failures import Failures
from vega_core.pipeline.progress import Progress
from vega_core.pipeline.replay import Replay
from vega_core.search import FAILED, Algorithm, Proposal, Start
from vega_core.store.journal import Journal
from vega_core.store.records import (
    Asked,
    AttemptEnded,
    AttemptStarted,
    JournalEvent,
    Reported,
    Told,
)

MakeAttempt = Callable[[Proposal, int], Attempt]


class Interrupted(VegaError):
    """The run was stopped from outside and can be resumed.

    Attributes:
        signal: Number of the signal that stopped it.
    """

    signal: int = signal.SIGINT

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """128 and the signal's number, as a shell counts."""
        return 128 + self.signal


@dataclass(frozen=True)
class LoopSettings:
    """How a loop treats results.

    Attributes:
        look_ahead: Proposals that may be under way before the oldest is told; results are then
            told in the order of their proposals. None tells them as they come.
        max_retries: Further attempts at an evaluation whose worker was lost.
        grace_s: Seconds that running attempts get to save and return when the run is stopped.
    """

    look_ahead: int | None = None
    max_retries: int = 1
    grace_s: float = 10.0


class SearchLoop:
    """Drives one algorithm over one executor, and leaves every event in the journal.

    Everything that happens between two waits is committed as one transaction, before the next
    wait and before anybody is told of it.

    Args:
        step: Name of the step.
        algorithm: Brought up to date by `replay` where the step is resumed.
        executor: Where attempts run; stays open.
        make_attempt: Makes attempt number n of a proposal; key and folder follow from both.
        journal: Where events go; None keeps none.
        settings: How results are treated.
        failures: Counts failures and may stop the step.
        progress: Who watches.
        replayed: What an earlier driver left to do.
    """

    def __init__(
        self,
        step: str,
        algorithm: Algorithm,
        executor: Executor,
        make_attempt: MakeAttempt,
        *,
        journal: Journal | None = None,
        settings: LoopSettings | None = None,
        failures: Failures | None = None,
        progress: Progress | None = None,
        replayed: Replay | None = None,
    ) -> None:
        self.step = step
        self.algorithm = algorithm
        self.failures = failures or Failures()
        self._executor = executor
        self._make_attempt = make_attempt
        self._journal = journal
        self._settings = settings or LoopSettings()
        self._progress = progress or Progress()
        self._evaluations = replayed.evaluations if replayed else {}
        self._by_trial = {self._name(item.proposal): item for item in self._evaluations.values()}
        self._ready: list[int] = [k for k, item in self._evaluations.items() if item.outcome]
        self._reports: dict[tuple[int, float, int], int] = {}
        self._events: list[JournalEvent] = []
        self._news: list[Callable[[], None]] = []
        self._stop_at: float | None = None

    def stop(self) -> None:
        """Stops the loop soon; may be called from a signal handler."""
        if self._stop_at is None:
            self._stop_at = time.monotonic() + self._settings.grace_s
        self._executor.wake()

    def run(self) -> None:
        """Runs until the algorithm is done.

        Raises:
            Interrupted: `stop` was called, and every attempt has ended.
            RunFailed: Too many trials failed, or no worker can be started.
            SearchError: The algorithm or a metric it needs is at fault.
        """
        self._take_up()
        while True:
            self._advance()
            self._flush()
            if not self._executor.in_flight:
                break
            self._wait()
        if self._stop_at is not None:
            raise Interrupted("stopped; --resume goes on from here")

    def _take_up(self) -> None:
        """Submits what an earlier driver left running, as new attempts."""
        for evaluation in self._evaluations.values():
            if evaluation.open:
                key = evaluation.key(self.step)
                self._record_end(Ended(key, AttemptState.CANCELLED, reason="the driver ended"))
            if evaluation.outcome is None:
                self._submit(evaluation)

    def _advance(self) -> None:
        """Asks and tells, in an order that only the journal decides, until both must wait."""
        self._fill()
        while (evaluation := self._next_told()) is not None:
            self._tell(evaluation)
            self._fill()

    def _fill(self) -> None:
        while self._stop_at is None and self._has_room():
            proposal = self.algorithm.ask()
            if proposal is None:
                return
            evaluation = Evaluation(proposal)
            self._evaluations[proposal.id] = evaluation
            self._by_trial[self._name(proposal)] = evaluation
            self._events.append(_asked(self.step, proposal))
            self._submit(evaluation)

    def _has_room(self) -> bool:
        if self._settings.look_ahead is None:
            return self._executor.free > 0
        return len(self._evaluations) < self._settings.look_ahead

    def _submit(self, evaluation: Evaluation) -> None:
        evaluation.attempt += 1
        evaluation.open = True
        proposal, number = evaluation.proposal, evaluation.attempt
        self._executor.submit(self._make_attempt(proposal, number))
        self._news.append(lambda: self._progress.trial_started(proposal, number))

    def _wait(self) -> None:
        if self._stop_at is None:
            events = self._executor.poll()
        else:
            self._executor.request_stop()
            left = self._stop_at - time.monotonic()
            if left <= 0:
                self._executor.kill()
            events = self._executor.poll(max(left, 0.1))
        for event in events:
            if isinstance(event, Ended):
                self._end(event)
            elif isinstance(event, Report):
                self._report(event)
            else:
                self._started(event)

    def _started(self, event: Started) -> None:
        key = event.key
        self._events.append(
            AttemptStarted(
                step=self.step,
                trial=key.trial,
                budget=key.budget,
                attempt=key.attempt,
                worker=event.worker,
            )
        )

    def _report(self, event: Report) -> None:
        key = event.key
        name = (key.trial, key.budget, key.attempt)
        self._reports[name] = self._reports.get(name, 0) + 1
        self._events.append(
            Reported(
                step=self.step,
                trial=key.trial,
                budget=key.budget,
                attempt=key.attempt,
                sequence=self._reports[name],
                metrics=event.metrics,
                at=event.step,
            )
        )
        self._news.append(lambda: self._progress.reported(event))

    def _end(self, event: Ended) -> None:
        evaluation = self._by_trial[event.key.trial, event.key.budget]
        self._reports.pop((event.key.trial, event.key.budget, event.key.attempt), None)
        event = self._judge(event)
        self._record_end(event)
        evaluation.open = False
        again = not counts(event.state)
        if event.state is AttemptState.LOST and evaluation.retries >= self._settings.max_retries:
            again = False
        if not again:
            evaluation.outcome = event
            self._ready.append(evaluation.proposal.id)
        elif event.state is AttemptState.LOST and self._stop_at is None:
            evaluation.retries += 1
            self._submit(evaluation)
        self._news.append(lambda: self._announce(evaluation.proposal, event, again))

    def _judge(self, event: Ended) -> Ended:
        """Makes a result whose objective is not finite a state of its own."""
        if event.metrics is None or not counts(event.state):
            return event
        objectives = self.algorithm.problem.objectives
        if objectives.values(event.metrics) is not None:
            return event
        values = {name: event.metrics[name] for name in objectives.names}
        reason = ", ".join(f"{name} is {value}" for name, value in values.items())
        return replace(event, state=AttemptState.NAN, reason=reason)

    def _announce(self, proposal: Proposal, event: Ended, again: bool) -> None:
        several = len(self.algorithm.problem.objectives) > 1
        best = None if several else self.algorithm.best()
        self._progress.trial_ended(proposal, event, best and best.values, again)

    def _next_told(self) -> Evaluation | None:
        """Takes out the evaluation to be told next, if there is one."""
        if not self._ready:
            return None
        if self._settings.look_ahead is None:
            proposal_id = self._ready.pop(0)
        else:
            proposal_id = next(iter(self._evaluations))
            if proposal_id not in self._ready:
                return None
            self._ready.remove(proposal_id)
        evaluation = self._evaluations.pop(proposal_id)
        del self._by_trial[self._name(evaluation.proposal)]
        return evaluation

    def _tell(self, evaluation: Evaluation) -> None:
        proposal, outcome = evaluation.proposal, evaluation.outcome
        assert outcome is not None  # noqa: S101 - only such are ready
        good = outcome.state in (AttemptState.OK, AttemptState.PRUNED)
        metrics = outcome.metrics if good else None
        self.algorithm.tell(proposal.id, FAILED if metrics is None else metrics)
        self._events.append(
            Told(
                step=self.step,
                proposal=proposal.id,
                trial=proposal.trial,
                budget=float(proposal.budget),
                metrics=metrics,
            )
        )
        self.failures.count(outcome)

    def _record_end(self, event: Ended) -> None:
        key = event.key
        self._events.append(
            AttemptEnded(
                step=self.step,
                trial=key.trial,
                budget=key.budget,
                attempt=key.attempt,
                state=str(event.state),
                metrics=event.metrics,
                reason=event.reason,
                seconds=event.seconds,
                compile_seconds=event.compile_seconds,
                fingerprint=event.fingerprint,
            )
        )

    def _flush(self) -> None:
        if self._events and self._journal is not None:
            self._journal.append_many(self._events)
        self._events = []
        news, self._news = self._news, []
        for announce in news:
            announce()

    @staticmethod
    def _name(proposal: Proposal) -> tuple[int, float]:
        return proposal.trial, float(proposal.budget)


def _asked(step: str, proposal: Proposal) -> Asked:
    return Asked(
        step=step,
        proposal=proposal.id,
        trial=proposal.trial,
        budget=float(proposal.budget),
        config=proposal.config,
        start=start_data(proposal.start),
    )


def start_data(start: Start) -> dict[str, Any]:
    """A start as plain data, with its kind under ``type``."""
    return {"type": type(start).__name__, **asdict(start)}
