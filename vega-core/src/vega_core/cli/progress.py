"""How a run shows itself: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from vega_core.cli.leaderboard import leaderboard
from vega_core.cli.metrics import values
from vega_core.cli.output import say
from vega_core.execute import AttemptState, Ended
from vega_core.pipeline.progress import Progress
from vega_core.pipeline.records import ModelRecord
from vega_core.search import Plan, Proposal

SHOWN = 4
"""Metrics in a line."""


def make_progress() -> AbstractContextManager[Progress]:
    """Returns what fits the standard output: live on a terminal, lines where it is piped."""
    if sys.stdout is not None and sys.stdout.isatty():
        # rich is imported only where there is a terminal to draw on.
        from vega_core.cli.live import LiveProgress

        return LiveProgress()
    return nullcontext(LineProgress())


def describe_plan(plan: Plan) -> str:
    """Returns a plan as one line."""
    rungs = " | ".join(
        " > ".join(f"{rung.at_most}@{rung.budget:g}" for rung in bracket)
        for bracket in plan.brackets()
    )
    return f"up to {plan.trials} trials ({rungs}), total budget at most {plan.budget_at_most:g}"


def describe_end(
    proposal: Proposal, ended: Ended, best: Mapping[str, float] | None, again: bool
) -> str:
    """Returns the end of an attempt as one line."""
    head = f"trial {proposal.trial}  budget {proposal.budget:g}  {ended.state}"
    if ended.state in (AttemptState.OK, AttemptState.PRUNED):
        text = f"{head}  {values(ended.metrics or {}, SHOWN)}"
    else:
        text = f"{head}: {ended.reason}" + ("; trying again" if again else "")
    return f"{text}  ({ended.seconds:.1f} s)" + (f"  best {values(best)}" if best else "")


class LineProgress(Progress):
    """One line an event."""

    def step_started(self, step: str, index: int, steps: int, plan: Plan | None) -> None:
        say(f"step {index}/{steps}: {step}" + (f": {describe_plan(plan)}" if plan else ""))

    def trial_ended(
        self, proposal: Proposal, ended: Ended, best: Mapping[str, float] | None, again: bool
    ) -> None:
        say(describe_end(proposal, ended, best, again))

    def step_finished(self, step: str, records: Sequence[ModelRecord], seconds: float) -> None:
        say(f"step {step} finished in {seconds:.1f} s")
        for line in leaderboard(records):
            say(line)

    def message(self, text: str) -> None:
        say(text)
