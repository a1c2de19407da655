"""``vega status``: where a run stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from vega_core.cli.metrics import values

_SHOWN = 10


@click.command("status", short_help="Show where a run stands.")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(directory: Path, as_json: bool) -> None:
    """Shows the steps and trials of the run in DIRECTORY, also while it is going."""
    # Imported here, so that `vega --help` does not wait for it.
    from vega_core.cli.output import emit
    from vega_core.pipeline.status import status_of

    status = status_of(directory)
    emit(status, as_json, _lines(status))


def _lines(status: dict[str, Any]) -> Iterator[str]:
    driver = f"running (process {status['driver']})" if status["driver"] else status["state"]
    reason = f": {status['reason']}" if status["reason"] else ""
    yield f"{status['folder']}: {driver}{reason}"
    for step in status["steps"]:
        counts = ", ".join(f"{count} {state}" for state, count in step["counts"].items())
        best = "" if step["best"] is None else f"; best: trial {step['best']}"
        yield f"  {step['step']}: {step['state']}; trials: {counts or 'none yet'}{best}"
        trials = step["trials"]
        if len(trials) > _SHOWN:
            yield f"    the last {_SHOWN} of {len(trials)} trials; --json lists all:"
        for trial in trials[-_SHOWN:]:
            yield f"    {_line(trial)}"
    yield f"next: {status['next']}"


def _line(trial: dict[str, Any]) -> str:
    good = trial["state"] in ("ok", "running")
    outcome = values(trial["metrics"] or {}) if good else trial["reason"]
    return f"trial {trial['trial']:>4}  budget {trial['budget']:g}  {trial['state']:<9} {outcome}"
