"""Brings an algorithm back to where a journal left it, by asking and telling again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vega_core.errors import StateError
from vega_core.execute import AttemptState, Ended, Key
from vega_core.pipeline.evaluation import Evaluation, counts
from vega_core.pipeline.failures import Failures
from vega_core.search import FAILED, Algorithm, Proposal
from vega_core.store.journal import Journal
from vega_core.store.records import Asked, AttemptEnded, AttemptStarted, Told

_REPLAYED = tuple(kind.kind for kind in (Asked, AttemptStarted, AttemptEnded, Told))


@dataclass
class Replay:
    """What a replay leaves to do.

    Attributes:
        evaluations: Asked for and not told, by proposal and in the order of asking.
    """

    evaluations: dict[int, Evaluation] = field(default_factory=dict)


def replay(journal: Journal, step: str, algorithm: Algorithm, failures: Failures) -> Replay:
    """Replays a step's events into a new algorithm.

    Args:
        journal: The run's journal.
        step: Name of the step.
        algorithm: A new one, made as the first driver made it.
        failures: Counts the failures again.

    Raises:
        StateError: The algorithm proposes something else than the journal holds.
    """
    state = Replay()
    by_key: dict[tuple[int, float], Evaluation] = {}
    last: dict[tuple[int, float], Ended] = {}
    for entry in journal.events(step=step, kinds=_REPLAYED):
        event = entry.event
        if isinstance(event, Asked):
            evaluation = Evaluation(_ask_again(algorithm, event))
            state.evaluations[event.proposal] = evaluation
            by_key[event.trial, event.budget] = evaluation
        elif isinstance(event, AttemptStarted):
            evaluation = by_key[event.trial, event.budget]
            evaluation.attempt, evaluation.open = event.attempt, True
        elif isinstance(event, AttemptEnded):
            evaluation = by_key[event.trial, event.budget]
            evaluation.attempt, evaluation.open = event.attempt, False
            evaluation.retries += event.state == AttemptState.LOST
            last[event.trial, event.budget] = _ended(event)
            if counts(event.state):
                evaluation.outcome = last[event.trial, event.budget]
        elif isinstance(event, Told):
            algorithm.tell(event.proposal, FAILED if event.metrics is None else event.metrics)
            del state.evaluations[event.proposal], by_key[event.trial, event.budget]
            failures.count(last.pop((event.trial, event.budget)))
    return state


def _ask_again(algorithm: Algorithm, event: Asked) -> Proposal:
    proposal = algorithm.ask()
    expected = (event.proposal, event.trial, event.budget, dict(event.config))
    found: Any = proposal and (
        proposal.id,
        proposal.trial,
        float(proposal.budget),
        dict(proposal.config),
    )
    if proposal is None or found != expected:
        raise StateError(
            f"step '{event.step}' cannot be resumed: at proposal {event.proposal} the journal has "
            f"{expected[1:]}, and {type(algorithm).__name__} now proposes {found and found[1:]}; "
            "the algorithm or the search space has changed: start a new run"
        )
    return proposal


def _ended(event: AttemptEnded) -> Ended:
    key = Key(event.step, event.trial, event.budget, event.attempt)
    return Ended(
        key,
        AttemptState(event.state),
        metrics=event.metrics,
        reason=event.reason,
        seconds=event.seconds,
        compile_seconds=event.compile_seconds,
        fingerprint=event.fingerprint,
    )
