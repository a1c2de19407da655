"""The search loop: ask, run, record, tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from signal import SIGINT

from vega_core.errors import SearchError, VegaError
from vega_core.execute import Attempt, AttemptState, Ended, Event, Executor, Report
from vega_core.execute.files import read_result
from vega_core.pipeline.evaluation import Evaluation, counts
from vega_core.pipeline.failures import MISREPORTED, Failures
from vega_core.pipeline.progress import Progress
from vega_core.pipeline.recorder import Recorder
from vega_core.pipeline.replay import Replay
from vega_core.search import FAILED, Algorithm, Proposal
from vega_core.store.journal import Journal

MakeAttempt = Callable[[Proposal, int], Attempt]


class Interrupted(VegaError):  # noqa: N818 - an interruption is no fault
    """The run was stopped from outside and can be resumed.

    Args:
        message: What to do next.
        signal: Number of the signal that stopped it.
    """

    def __init__(self, message: str, signal: int = SIGINT) -> None:
        super().__init__(message)
        self.signal = signal

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

    Everything that happens between two waits is committed as one transaction: before an attempt
    that follows from it starts, before the next wait, and before anybody is told of it.

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
        self._record = Recorder(step, journal)
        self._settings = settings or LoopSettings()
        self._progress = progress or Progress()
        self._evaluations = replayed.evaluations if replayed else {}
        self._by_trial = {self._name(item.proposal): item for item in self._evaluations.values()}
        self._ready: list[int] = [k for k, item in self._evaluations.items() if item.outcome]
        self._news: list[Callable[[], None]] = []
        self._unsent: list[Attempt] = []
        self._stop_at: float | None = None
        self._stopping = False

    def stop(self) -> None:
        """Stops the loop soon; may be called from a signal handler."""
        if self._stop_at is None:
            self._stop_at = time.monotonic() + self._settings.grace_s
        self._executor.request_stop()
        self._executor.wake()

    def run(self) -> None:
        """Runs until the algorithm is done.

        Raises:
            Interrupted: `stop` was called, and every attempt has ended.
            RunFailed: The trials all fail in the same way, or no worker can be started.
            SearchError: The algorithm is at fault.
        """
        self._take_up()
        try:
            self._advance()
            self._flush()
            while self._executor.in_flight:
                self._wait()
                self._advance()
                self._flush()
        finally:  # what has ended is recorded and told, also where that ends the step
            self._record.commit()
            self._announce_all()
        if self._stop_at is not None:
            raise Interrupted("stopped; resume it to go on from here")

    def _take_up(self) -> None:
        """Goes on with what an earlier driver left running, as new attempts where it must."""
        for evaluation in self._evaluations.values():
            if evaluation.open:
                self._end(self._left_behind(evaluation))
            elif evaluation.outcome is None:
                self._submit(evaluation)

    def _left_behind(self, evaluation: Evaluation) -> Ended:
        """Returns the end that the worker has left of an attempt of which the journal has none."""
        attempt = self._make_attempt(evaluation.proposal, evaluation.attempt)
        ended = read_result(attempt)
        return ended or Ended(attempt.key, AttemptState.CANCELLED, reason="the driver ended")

    def _advance(self) -> None:
        """Tells and asks, in an order that only the journal decides, until both must wait."""
        if self._settings.look_ahead is None:
            while self._ready:
                self._tell(self._ready.pop(0))
            self._fill()
            return
        self._fill()
        while self._stop_at is None and self._ready:
            oldest = next(iter(self._evaluations))
            if oldest not in self._ready:
                return
            self._ready.remove(oldest)
            self._tell(oldest)
            self._fill()

    def _fill(self) -> None:
        while self._stop_at is None and self._has_room():
            proposal = self.algorithm.ask()
            if proposal is None:
                return
            evaluation = Evaluation(proposal)
            self._evaluations[proposal.id] = evaluation
            self._by_trial[self._name(proposal)] = evaluation
            self._record.asked(proposal)
            self._submit(evaluation)

    def _has_room(self) -> bool:
        if self._settings.look_ahead is None:
            return self._executor.free > len(self._unsent)
        return len(self._evaluations) < self._settings.look_ahead

    def _submit(self, evaluation: Evaluation) -> None:
        """Makes the next attempt at an evaluation; `_flush` sends it."""
        evaluation.attempt += 1
        evaluation.open = True
        proposal, number = evaluation.proposal, evaluation.attempt
        self._unsent.append(self._make_attempt(proposal, number))
        self._news.append(partial(self._progress.trial_started, proposal, number))

    def _wait(self) -> None:
        for event in self._executor.poll() if self._stop_at is None else self._poll_to_stop():
            if isinstance(event, Ended):
                self._end(event)
            elif isinstance(event, Report):
                self._record.reported(event)
                self._news.append(partial(self._progress.reported, event))
            else:
                self._record.started(event)

    def _poll_to_stop(self) -> list[Event]:
        assert self._stop_at is not None  # noqa: S101 - for the type checker
        if not self._stopping:
            self._stopping = True
            self._executor.request_stop()
            self._progress.message("stopping: running trials save; Ctrl-C again stops at once")
        left = self._stop_at - time.monotonic()
        if left <= 0:
            self._executor.kill()
        return self._executor.poll(max(left, 0.1))

    def _end(self, event: Ended) -> None:
        evaluation = self._by_trial[event.key.trial, event.key.budget]
        event = self._judge(event)
        self._record.ended(event)
        evaluation.open = False
        again = not counts(event.state)
        if event.state is AttemptState.LOST and evaluation.retries >= self._settings.max_retries:
            again = False
        if not again:
            evaluation.outcome = event
            self._ready.append(evaluation.proposal.id)
        elif self._stop_at is None:
            evaluation.retries += event.state is AttemptState.LOST
            self._submit(evaluation)
        again = again and self._stop_at is None
        self._news.append(partial(self._announce, evaluation.proposal, event, again))

    def _judge(self, event: Ended) -> Ended:
        """Makes a result whose objective is not finite a state of its own."""
        if event.metrics is None or not counts(event.state):
            return event
        objectives = self.algorithm.problem.objectives
        try:
            if objectives.values(event.metrics) is not None:
                return event
        except SearchError as error:
            return replace(
                event, state=AttemptState.FAILED, reason=str(error), fingerprint=MISREPORTED
            )
        values = {name: event.metrics[name] for name in objectives.names}
        reason = ", ".join(f"{name} is {value}" for name, value in values.items())
        return replace(event, state=AttemptState.NAN, reason=reason)

    def _announce(self, proposal: Proposal, event: Ended, again: bool) -> None:
        several = len(self.algorithm.problem.objectives) > 1
        best = None if several else self.algorithm.best()
        values = None if best is None else best.values
        self._progress.trial_ended(proposal, event, values, again)

    def _tell(self, proposal_id: int) -> None:
        evaluation = self._evaluations.pop(proposal_id)
        proposal, outcome = evaluation.proposal, evaluation.outcome
        del self._by_trial[self._name(proposal)]
        assert outcome is not None  # noqa: S101 - only such are ready
        good = outcome.state in (AttemptState.OK, AttemptState.PRUNED)
        metrics = outcome.metrics if good else None
        self.algorithm.tell(proposal.id, FAILED if metrics is None else metrics)
        self._record.told(proposal, metrics)
        self.failures.count(outcome)
        self.failures.check(outcome)

    def _flush(self) -> None:
        """Commits what has happened, then lets follow what may only follow that."""
        self._record.commit()
        unsent, self._unsent = self._unsent, []
        for attempt in unsent if self._stop_at is None else ():
            self._executor.submit(attempt)
        self._announce_all()

    def _announce_all(self) -> None:
        news, self._news = self._news, []
        for announce in news:
            announce()

    @staticmethod
    def _name(proposal: Proposal) -> tuple[int, float]:
        return proposal.trial, float(proposal.budget)
