"""``vega run``: runs a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command("run", short_help="Run a configuration.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--output", metavar="DIR", help="The run directory; by default a new one in runs/.")
@click.option("--resume", is_flag=True, help="Go on with the run in the run directory.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set one key.")
@click.option("--workers", type=click.IntRange(min=0), help="How many trials run at once.")
@click.option("--backend", help="The deep-learning framework that trains.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the run.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and no progress.")
@click.pass_context
def command(
    context: click.Context,
    file: Path,
    output: str | None,
    resume: bool,
    overrides: tuple[str, ...],
    workers: int | None,
    backend: str | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Runs the pipeline of FILE, a configuration or an earlier run's directory.

    Ctrl-C once lets running trials save and stops; --resume goes on from there.
    """
    # Imported here, so that `vega --help` does not wait for it.
    from vega_core.cli.leaderboard import locations
    from vega_core.cli.output import emit
    from vega_core.cli.progress import make_progress
    from vega_core.pipeline import run
    from vega_core.pipeline.progress import Progress

    general = {"output": output, "workers": workers, "backend": backend, "seed": seed}
    with make_progress() if not as_json else _quiet() as progress:
        assert isinstance(progress, Progress)  # noqa: S101 - for the type checker
        result = run(
            file, resume=resume, overrides=overrides, general=_given(general), progress=progress
        )
    emit(result.plain(), as_json, locations(result))
    context.exit(result.exit_code)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _quiet() -> Any:
    from contextlib import nullcontext

    from vega_core.pipeline.progress import Progress

    return nullcontext(Progress())
