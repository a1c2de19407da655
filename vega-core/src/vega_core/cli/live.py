"""The live table of a run on a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text
from typing_extensions import Self

from vega_core.cli.leaderboard import leaderboard
from vega_core.cli.metrics import values
from vega_core.cli.progress import SHOWN, describe_end, describe_plan
from vega_core.execute import AttemptState, Ended, Report
from vega_core.pipeline.progress import Progress
from vega_core.pipeline.records import ModelRecord
from vega_core.search import Plan, Proposal


class LiveProgress(Progress):
    """Running trials in a table that is redrawn, ended ones above it."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._running: dict[tuple[int, float], tuple[float, str]] = {}
        self._head = ""
        self._ended = 0
        self._failed = 0
        self._best: Mapping[str, float] = {}
        # Last, because it asks for the table at once.
        self._live = Live(console=self._console, get_renderable=self._table, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.clear()
        self._live.__exit__(kind, error, trace)

    def step_started(self, step: str, index: int, steps: int, plan: Plan | None) -> None:
        self._head = f"step {index}/{steps}: {step}" + (f": {describe_plan(plan)}" if plan else "")
        self._running, self._ended, self._failed, self._best = {}, 0, 0, {}

    def trial_started(self, proposal: Proposal, attempt: int) -> None:
        note = f"attempt {attempt}" if attempt > 1 else ""
        self._running[proposal.trial, float(proposal.budget)] = (time.monotonic(), note)

    def reported(self, report: Report) -> None:
        key = (report.key.trial, report.key.budget)
        if key in self._running:
            text = f"at {report.step:g}: {values(report.metrics, SHOWN)}"
            self._running[key] = (self._running[key][0], text)

    def trial_ended(
        self, proposal: Proposal, ended: Ended, best: Mapping[str, float] | None, again: bool
    ) -> None:
        self._running.pop((proposal.trial, float(proposal.budget)), None)
        good = ended.state in (AttemptState.OK, AttemptState.PRUNED)
        self._ended += not again
        self._failed += not good and not again
        self._best = best or self._best
        style = "" if good else "red"
        self._console.print(Text(describe_end(proposal, ended, None, again), style=style))

    def step_finished(self, step: str, records: Sequence[ModelRecord], seconds: float) -> None:
        self._running = {}
        self._head = ""
        self._console.print(Text(f"step {step} finished in {seconds:.1f} s", style="bold"))
        for line in leaderboard(records, width=self._console.width):
            self._console.print(Text(line), soft_wrap=True)

    def message(self, text: str) -> None:
        self._console.print(Text(text))

    def _table(self) -> RenderableType:
        if not self._head:
            return Text("")
        table = Table.grid(padding=(0, 2))
        for (trial, budget), (since, note) in list(self._running.items()):
            seconds = time.monotonic() - since
            table.add_row(f"trial {trial}", f"budget {budget:g}", f"{seconds:.0f} s", note)
        failed = f", {self._failed} failed" if self._failed else ""
        best = f", best {values(self._best)}" if self._best else ""
        return Group(
            Text(self._head, style="bold"), table, Text(f"{self._ended} ended{failed}{best}")
        )
