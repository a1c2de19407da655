"""When failing trials stop a step."""

from __future__ import annotations

from dataclasses import dataclass, field

from vega_core.errors import RunFailed
from vega_core.execute import AttemptState, Ended


@dataclass
class Failures:
    """Counts failures, and stops a step whose every trial fails in the same way.

    Attributes:
        identical: So many equal failures from the beginning, with no success between, end the
            step: the fault is in the code, and more trials would only repeat it.
        failed: Evaluations that failed so far.
        ok: Evaluations that succeeded so far.
    """

    identical: int = 3
    failed: int = 0
    ok: int = 0
    _fingerprints: list[str] = field(default_factory=list)

    def count(self, ended: Ended) -> None:
        """Counts an evaluation's end.

        Raises:
            RunFailed: The first evaluations have all failed in the same way.
        """
        if ended.state in (AttemptState.OK, AttemptState.PRUNED):
            self.ok += 1
            return
        self.failed += 1
        self._fingerprints.append(ended.fingerprint)
        same = ended.fingerprint and set(self._fingerprints) == {ended.fingerprint}
        if not self.ok and same and self.failed >= self.identical:
            raise RunFailed(
                f"the first {self.failed} trials failed in the same way: {ended.reason}; "
                "error.txt in each trial's folder has the traceback"
            )
