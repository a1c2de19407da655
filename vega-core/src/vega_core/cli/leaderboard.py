"""The best models of a step as a table of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
