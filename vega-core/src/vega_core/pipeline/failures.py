"""When failing trials stop a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vega_core.errors import RunFailed
from vega_core.execute import AttemptState, Ended, Key


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
    _fingerprints: list[str] = field(default_factory=list)

    def count(self, ended: Ended) -> None:
        """Counts an evaluation's end."""
        if ended.state in (AttemptState.OK, AttemptState.PRUNED):
            self.ok += 1
            return
        self.failed += 1
        self._fingerprints.append(_fingerprint(ended))

    def check(self, ended: Ended) -> None:
        """Ends the step where its evaluations, of which this is the last, all fail alike.

        Raises:
            RunFailed: The first evaluations have all failed in the same way.
        """
        last = _fingerprint(ended)
        if self.ok or not last or self.failed < self.identical:
            return
        if set(self._fingerprints) == {last}:
            where = f"{self.trace(ended.key)} has the traceback" if self.trace else last
            raise RunFailed(
                f"the first {self.failed} trials failed in the same way: {ended.reason}; {where}"
            )


def _fingerprint(ended: Ended) -> str:
    """What equal faults have in common; empty for what differs from trial to trial."""
    crashed = ended.reason if ended.state is AttemptState.FAILED else ""
    return ended.fingerprint or crashed
