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
    from vega_core.pipeline.entry import make_run
    from vega_core.pipeline.loop import Interrupted
    from vega_core.pipeline.progress import Progress
    from vega_core.pipeline.status import allowed_failures, count_evaluations

    general = {"output": output, "workers": workers, "backend": backend, "seed": seed}
    with make_progress() if not as_json else _quiet() as progress:
        assert isinstance(progress, Progress)  # noqa: S101 - for the type checker
        job, folder = make_run(
            file, resume=resume, overrides=overrides, general=_given(general), progress=progress
        )
        try:
            result = job.execute()
        except Interrupted as error:
            raise Interrupted(f"stopped; {_hint(folder)}", error.signal) from error
        except KeyboardInterrupt:
            if (folder / "config.yml").is_file():
                click.echo(f"error: stopped at once; {_hint(folder)}", err=True)
            raise
    evaluations = count_evaluations(folder)
    emit(result.plain(), as_json, locations(result, evaluations))
    if result.exit_code:
        click.echo(
            f"{result.failed} of {evaluations} evaluations failed, more than "
            f"general.max_failures {allowed_failures(folder)}",
            err=True,
        )
    context.exit(result.exit_code)


def _hint(folder: Path) -> str:
    import shlex

    return f"'vega run {shlex.quote(str(folder))} --resume' goes on from here"


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _quiet() -> Any:
    from contextlib import nullcontext

    from vega_core.pipeline.progress import Progress

    return nullcontext(Progress())
