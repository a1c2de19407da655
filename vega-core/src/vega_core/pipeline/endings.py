"""How the evaluations of a search have ended, for the message when none succeeded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from vega_core.execute import AttemptState, Ended
from vega_core.pipeline.progress import Progress
from vega_core.search import Proposal
from vega_core.store.journal import Journal

_GOOD = (AttemptState.OK, AttemptState.PRUNED)


class Endings(Progress):
    """Counts ends by state and keeps the last bad one."""

    def __init__(self) -> None:
        self._states: Counter[str] = Counter()
        self._reason = ""
        self._last: Ended | None = None

    def trial_ended(
        self,
        proposal: Proposal,  # noqa: ARG002
        ended: Ended,
        best: Mapping[str, float] | None,  # noqa: ARG002
        again: bool,
    ) -> None:
        if again:
            return
        self._states[str(ended.state)] += 1
        if ended.state not in _GOOD:
            self._last, self._reason = ended, ended.reason

    def read(self, journal: Journal, step: str) -> None:
        """Counts again from a journal, which also knows what earlier drivers did."""
        trials = journal.trials(step)
        self._states = Counter(trial.state for trial in trials)
        self._reason = next((one.reason for one in reversed(trials) if one.reason), "")

    @property
    def place(self) -> str:
        """The file and line of the last exception, in brackets; empty where it is not known."""
        if self._last is None or " at " not in self._last.fingerprint:
            return ""
        return f" (at {self._last.fingerprint.rpartition(' at ')[2].rpartition(' > ')[2]})"

    def __str__(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in self._states.items())
        reason = f"; the last: {self._reason}{self.place}" if self._reason else ""
        return f" ({states}){reason}" if states else ""
