"""What a run tells to whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vega_core.execute import Ended, Report
from vega_core.pipeline.records import ModelRecord
from vega_core.search import Plan, Proposal


class Progress:
    """Watches a run; every method may be overridden and does nothing by itself.

    The driver calls the methods from its own thread, after what they tell is on the disk. They
    must return at once.
    """

    def step_started(self, step: str, index: int, steps: int, plan: Plan | None) -> None:
        """A step begins; ``index`` counts from 1."""

    def trial_started(self, proposal: Proposal, attempt: int) -> None:
        """An attempt at an evaluation is handed to a worker."""

    def reported(self, report: Report) -> None:
        """A trial has reported metrics in its middle."""

    def trial_ended(
        self, proposal: Proposal, ended: Ended, best: Mapping[str, float] | None, again: bool
    ) -> None:
        """An attempt has ended; ``again`` where another is made of the same evaluation."""

    def step_finished(self, step: str, records: Sequence[ModelRecord], seconds: float) -> None:
        """A step has ended; ``records`` is what it hands on, best first."""

    def message(self, text: str) -> None:
        """Something worth a line."""
