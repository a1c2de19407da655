"""The best models of a step as a table of text, and where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vega_core.cli.metrics import shown
from vega_core.pipeline.driver import RunResult
from vega_core.pipeline.records import ModelRecord

ROWS = 10


def leaderboard(
    records: Sequence[ModelRecord], rows: int = ROWS, width: int | None = None
) -> list[str]:
    """Returns lines: the place, the trial, its metrics and its sample, best first.

    Args:
        records: What a step hands on.
        rows: How many of them are shown.
        width: Columns of the terminal, into which it shall fit; any if None.
    """
    if not records:
        return ["no trial succeeded"]
    top = records[:rows]
    names = list(dict.fromkeys(name for record in top for name in record.overlay))
    metrics = _ordered(list(dict.fromkeys(name for record in top for name in record.metrics)))
    fixed = [
        ["", *(str(place) for place in range(1, len(top) + 1))],
        ["model", *(record.id for record in top)],
        ["budget", *(f"{record.provenance.get('budget') or 0:g}" for record in top)],
    ]
    measured = [[name, *(_text(one.metrics.get(name)) for one in top)] for name in metrics]
    sampled = [
        [short, *(_text(one.overlay.get(name)) for one in top)]
        for name, short in zip(names, _short(names), strict=True)
    ]
    # The first metric is an objective; what was sampled tells more than those behind the second.
    kept = 2 if metrics[1:2] and metrics[1].startswith("test_") else 1
    left_out: list[str] = []
    while width and _width([*fixed, *measured, *sampled]) > width:
        columns = measured if len(measured) > kept else sampled
        if not columns:
            break
        left_out.append(columns.pop()[0])
    lines = _aligned([*fixed, *measured, *sampled])
    left = len(records) - len(top)
    lines += [f"... and {left} more in output.json"] if left else []
    return lines + ([f"left out: {', '.join(sorted(left_out))}"] if left_out else [])


def _ordered(metrics: list[str]) -> list[str]:
    """Returns the first metric, an objective, before its value on the test data and the rest."""
    first, rest = metrics[:1], metrics[1:]
    tests = [name for name in rest if name.startswith("test_")]
    tests.sort(key=lambda name: name.removeprefix("test_") not in first)
    return [*first, *tests, *(name for name in rest if name not in tests)]


def _short(names: Sequence[str]) -> list[str]:
    """Returns the ends of dotted names that tell them apart; a bare ``type`` would say nothing."""

    def end(name: str, parts: int) -> str:
        return ".".join(name.split(".")[-parts:])

    shorts = []
    for name in names:
        parts = 2 if name.endswith(".type") else 1
        while parts < len(name.split(".")) and any(
            end(other, parts) == end(name, parts) for other in names if other != name
        ):
            parts += 1
        shorts.append(end(name, parts))
    return shorts


def _width(columns: Sequence[Sequence[str]]) -> int:
    return sum(max(map(len, column)) for column in columns) + 2 * (len(columns) - 1)


def _aligned(columns: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in zip(*columns, strict=True)
    ]


def locations(result: RunResult, evaluations: int) -> list[str]:
    """Returns lines that say how a finished run went and where everything of it lies."""
    lines = [
        f"{_counted(evaluations, 'evaluation')}, {result.failed} failed",
        f"everything lies in {result.folder}",
    ]
    for step, records in result.steps.items():
        lines.append(f"  steps/{step}/output.json lists its {_counted(len(records), 'model')}")
    best = result.best
    if best is not None and "model" in best.artifacts:
        lines.append(f"  {best.artifacts['model']} is the best; in Python:")
        told = f", plugins={list(result.plugins)!r}" if result.plugins else ""
        lines.append(f"  vega_core.load({str(result.folder)!r}{told}).predict(x)")
    return lines


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return shown(value) if isinstance(value, float) else str(value)
