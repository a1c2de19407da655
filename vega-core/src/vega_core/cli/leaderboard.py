"""The best models of a step as a table of text, and where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vega_core.cli.metrics import shown
from vega_core.pipeline.driver import RunResult
from vega_core.pipeline.records import ModelRecord

ROWS = 10


def leaderboard(records: Sequence[ModelRecord], rows: int = ROWS) -> list[str]:
    """Returns lines: the place, the trial, its metrics and its sample, best first."""
    if not records:
        return ["no trial succeeded"]
    shown = records[:rows]
    metrics = list(dict.fromkeys(name for record in shown for name in record.metrics))
    names = list(dict.fromkeys(name for record in shown for name in record.overlay))
    header = ["", "model", "budget", *metrics, *(name.rpartition(".")[2] for name in names)]
    table = [header]
    for place, record in enumerate(shown, start=1):
        row = [str(place), record.id, f"{record.provenance.get('budget') or 0:g}"]
        row += [_text(record.metrics.get(name)) for name in metrics]
        row += [_text(record.overlay.get(name)) for name in names]
        table.append(row)
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    ]
    left = len(records) - len(shown)
    return lines + ([f"... and {left} more in output.json"] if left else [])


def locations(result: RunResult) -> list[str]:
    """Returns lines that say where everything of a finished run lies."""
    lines = [f"everything lies in {result.folder}"]
    for step, records in result.steps.items():
        lines.append(f"  steps/{step}/output.json lists its {_counted(len(records), 'model')}")
    best = result.best
    if best is not None and "model" in best.artifacts:
        lines.append(f"  {best.artifacts['model']} is the best; in Python:")
        lines.append(f"  vega_core.load({str(result.folder)!r}).predict(x)")
    return lines


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return shown(value) if isinstance(value, float) else str(value)
