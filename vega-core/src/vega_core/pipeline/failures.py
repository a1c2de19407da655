"""When failing trials stop a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vega_core.errors import RunFailed
from vega_core.execute import AttemptState, Ended, Key

MISREPORTED = "misreported"
"""Fingerprint of a result that lacks an objective."""


@dataclass
class Failures:
    """Counts failures, and stops a step whose every trial fails in the same way.

    Attributes:
        identical: So many equal failures from the beginning, with no success between, end the
            step: the fault is in the code, and more trials would only repeat it.
        trace: Where the traceback of an attempt is kept; None where it is not.
        failed: Evaluations that failed so far.
        ok: Evaluations that succeeded so far.
    """

    identical: int = 3
    trace: Callable[[Key], Path] | None = None
    failed: int = 0
    ok: int = 0
    _first: str = ""
    _alike: bool = True

    def count(self, ended: Ended) -> None:
        """Counts an evaluation's end."""
        if ended.state in (AttemptState.OK, AttemptState.PRUNED):
            self.ok += 1
            return
        fingerprint = _fingerprint(ended)
        self._first = fingerprint if not self.failed else self._first
        self._alike = self._alike and fingerprint == self._first != ""
        self.failed += 1

    def check(self, ended: Ended) -> None:
        """Ends the step where its evaluations, of which this is the last, all fail alike.

        Raises:
            RunFailed: The first evaluations have all failed in the same way.
        """
        if self.ok or not self._alike or self.failed < self.identical:
            return
        raised = self.trace is not None and ended.fingerprint not in ("", MISREPORTED)
        where = f"; {self.trace(ended.key)} has the traceback" if raised and self.trace else ""
        raise RunFailed(
            f"the first {self.failed} trials failed in the same way: {ended.reason}{where}"
        )


def _fingerprint(ended: Ended) -> str:
    """What equal faults have in common; empty for what differs from trial to trial."""
    crashed = ended.reason if ended.state is AttemptState.FAILED else ""
    return ended.fingerprint or crashed
