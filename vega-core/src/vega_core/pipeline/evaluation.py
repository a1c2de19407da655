"""One evaluation on its way from ask to tell."""

from __future__ import annotations

from dataclasses import dataclass

from vega_core.execute import AttemptState, Ended, Key
from vega_core.search import Proposal


@dataclass(slots=True)
class Evaluation:
    """A proposal that has not been told yet.

    Attributes:
        proposal: What the algorithm asked for.
        attempt: Number of its last attempt, from 1; 0 before the first.
        retries: Attempts after a lost one so far.
        outcome: The end of the attempt that counts, once there is one.
        open: Whether its last attempt was begun and has no end in the journal.
    """

    proposal: Proposal
    attempt: int = 0
    retries: int = 0
    outcome: Ended | None = None
    open: bool = False

    def key(self, step: str) -> Key:
        """Identity of its last attempt."""
        return Key(step, self.proposal.trial, float(self.proposal.budget), self.attempt)


def counts(state: AttemptState | str) -> bool:
    """Whether an attempt that ended so settles its evaluation; the others are tried again."""
    return state not in (AttemptState.LOST, AttemptState.CANCELLED)
