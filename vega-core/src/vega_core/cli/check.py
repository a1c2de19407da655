"""``vega check``: is a configuration right, and what would it do?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from vega_core.config import InvalidConfigError, RunConfig
    from vega_core.pipeline.plan import RunPlan, StepPlan


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set one key.")
@click.option("--no-data", is_flag=True, help="Leave out the check that the data are there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: Path, overrides: tuple[str, ...], no_data: bool, as_json: bool) -> int:
    """Check the configuration FILE and print its plan.

    All faults are told at once, each with its line and column. Nothing is written, and no
    deep-learning framework is imported, unless a model is a module of one.
    """
    # Imported here, so that `vega --help` does not wait for it.
    from vega_core.cli.output import emit
    from vega_core.config import InvalidConfigError, catalog_of, load_config
    from vega_core.pipeline.plan import plan_run

    try:
        config = load_config(file, overrides=overrides, check_data=not no_data)
        plan = plan_run(config, catalog_of(config), check_data=not no_data)
    except InvalidConfigError as error:
        if not as_json:
            raise
        emit(_faults(file, error), as_json=True)
        click.echo(str(error), err=True)
        return error.exit_code
    for notice in config.notices:
        click.echo(str(notice), err=True)
    emit(_data(file, config, plan), as_json, _lines(file, plan))
    return 0


def _faults(file: Path, error: InvalidConfigError) -> dict[str, Any]:
    faults = [item.to_json() for item in error.diagnostics]
    return {
        "file": str(file),
        "valid": False,
        "error": str(error),
        "exit_code": error.exit_code,
        "errors": faults,
    }


def _data(file: Path, config: RunConfig, plan: RunPlan) -> dict[str, Any]:
    notices = [item.to_json() for item in config.notices]
    return {"file": str(file), "valid": True, "notices": notices, "plan": plan.to_config()}


def _lines(file: Path, plan: RunPlan) -> Iterator[str]:
    from vega_core.cli.output import table

    workers = f"{plan.workers} worker{'s' * (plan.workers != 1)}"
    backend = f"backend {plan.backend}, " if plan.backend else ""
    yield f"{file} is valid: {backend}{workers}, seed {plan.seed}"
    for number, step in enumerate(plan.steps, start=1):
        yield f"step {number}/{len(plan.steps)}: {step.name} ({step.type})"
        yield from table(_rows(step), indent=2)


def _rows(step: StepPlan) -> Iterator[tuple[str, str]]:
    if step.takes:
        yield "takes", f"{step.select} of the models of '{step.takes}'"
    for what in ("dataset", "model", "trainer"):
        if getattr(step, what):
            yield what, getattr(step, what)
    if step.algorithm:
        objectives = ", ".join(f"{name} ({way})" for name, way in (step.objectives or {}).items())
        yield "search", f"{step.algorithm} for {objectives}"
        yield "over", ", ".join(step.searched)
    if step.trials is None:
        yield "trials", "not known before the step before has ended"
    several = any(rung.bracket for rung in step.rungs)
    for rung in step.rungs:
        trials = _counted(rung.at_least, rung.at_most, "trial")
        name = f"bracket {rung.bracket}, rung {rung.number}" if several else f"rung {rung.number}"
        yield name, f"{trials} of {_counted(rung.budget, rung.budget, step.unit)}"
    if step.budget_at_least is not None and step.budget_at_most is not None:
        yield "in total", _counted(step.budget_at_least, step.budget_at_most, step.unit)


def _counted(low: float, high: float, what: str) -> str:
    number = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"{number} {what}" + ("" if low == high == 1 else "s")
