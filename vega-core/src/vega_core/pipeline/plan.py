"""What a run will do, before it starts: steps, trials, rungs and budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from vega_core.config import RunConfig, StepConfig
from vega_core.nn.forms import label_of
from vega_core.pipeline.checking import Faults, make_step, note_faults, whole_configurations
from vega_core.pipeline.search_step import SearchStep, make_algorithm
from vega_core.pipeline.sections import epochs_of
from vega_core.plugins import Catalog
from vega_core.search import Algorithm, RungPlan


@dataclass(frozen=True)
class StepPlan:
    """What one step will do.

    Attributes:
        name: The step's name.
        type: The kind of step.
        dataset: Type of its data, or None.
        model: Type of its model, or None.
        trainer: Type of its trainer.
        algorithm: Type of its search algorithm, or None where it does not search.
        searched: The names that it searches.
        objectives: Metric -> ``max`` or ``min``.
        takes: The earlier step whose models it takes over, or None.
        select: Which of them.
        trials: How many trials it makes at most, or None where that depends on the step before.
        rungs: Budgets, and how many trials reach each.
        budget_at_least: Epochs in total if no trial fails, or None where trials are not known.
        budget_at_most: The most epochs that it can take.
    """

    name: str
    type: str
    dataset: str | None
    model: str | None
    trainer: str | None
    algorithm: str | None = None
    searched: tuple[str, ...] = ()
    objectives: Mapping[str, str] | None = None
    takes: str | None = None
    select: str | None = None
    trials: int | None = None
    rungs: tuple[RungPlan, ...] = ()
    budget_at_least: float | None = None
    budget_at_most: float | None = None

    @property
    def unit(self) -> str:
        """The unit of budgets: epochs where a model is trained."""
        return "epoch" if self.model else "unit"


@dataclass(frozen=True)
class RunPlan:
    """What a run will do.

    Attributes:
        backend: Name of the backend, or None where no step has a model to train.
        workers: How many trials run at once.
        seed: Seed of the run.
        steps: Its steps, in order.
    """

    backend: str | None
    workers: int
    seed: int
    steps: tuple[StepPlan, ...]

    def to_config(self) -> dict[str, Any]:
        """Returns the plan as plain data."""
        return asdict(self)


def plan_run(config: RunConfig, catalog: Catalog, *, check_data: bool = True) -> RunPlan:
    """Returns what a run will do; no framework is imported and nothing is written.

    Args:
        config: A validated configuration.
        catalog: Component classes.
        check_data: Whether data are read and models traced, as a run does before it starts.

    Raises:
        InvalidConfigError: Steps cannot work as configured; each fault has its place.
    """
    faults = Faults(config)
    whole = whole_configurations(config)
    steps = []
    for index, (name, plain) in enumerate(whole.items()):
        takes, select = _source(config.steps[name], list(whole)[:index])
        with faults.noting(name):
            steps.append(_plan_step(config, catalog, name, plain, takes, select))
    if check_data:
        note_faults(faults, config, catalog)
    faults.raise_any()
    general = config.general
    trains = any(plain.get("model") for plain in whole.values())
    backend = general.backend_name if trains else None
    return RunPlan(backend, general.workers, general.seed, tuple(steps))


def _plan_step(
    config: RunConfig,
    catalog: Catalog,
    name: str,
    plain: Mapping[str, Any],
    takes: str | None,
    select: str,
) -> StepPlan:
    searches = isinstance(make_step(config, catalog, name), SearchStep)
    if searches or "search_algorithm" in plain:
        algorithm = make_algorithm(plain, catalog, config.general.seed)
        return _searching(name, plain, algorithm, takes, select)
    return _training(name, plain, takes, select)


def _source(step: StepConfig, earlier: Sequence[str]) -> tuple[str | None, str]:
    if step.models is not None:
        return step.models.from_, step.models.select
    return (earlier[-1] if earlier else None), "best"


def _searching(
    name: str, plain: Mapping[str, Any], algorithm: Algorithm, takes: str | None, select: str
) -> StepPlan:
    plan, problem = algorithm.plan(), algorithm.problem
    return StepPlan(
        **_sections(name, plain),
        takes=takes,
        select=select if takes else None,
        algorithm=plain["search_algorithm"]["type"],
        searched=tuple(problem.space.names),
        objectives=problem.objectives.to_config(),
        trials=plan.trials if plan else None,
        rungs=plan.rungs if plan else (),
        budget_at_least=plan.budget_at_least if plan else None,
        budget_at_most=plan.budget_at_most if plan else None,
    )


def _training(name: str, plain: Mapping[str, Any], takes: str | None, select: str) -> StepPlan:
    models = _count(select) if takes else 1
    if models is not None and takes and plain["pipe_step"].get("baseline"):
        models += 1
    epochs = epochs_of(plain)
    total = None if models is None else models * epochs
    return StepPlan(
        **_sections(name, plain),
        takes=takes,
        select=select if takes else None,
        trials=models,
        rungs=() if models is None else (RungPlan(0, epochs, models, models),),
        budget_at_least=total,
        budget_at_most=total,
    )


def _count(select: str) -> int | None:
    """Returns how many models a selection gives at most, or None if only the search can tell."""
    rule, _, count = select.partition("-")
    return int(count) if count else 1 if rule in ("best", "first") else None


def _sections(name: str, plain: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {key: _label(plain.get(key)) for key in ("dataset", "model", "trainer")}
    return {"name": name, "type": plain["pipe_step"]["type"], **kinds}


def _label(block: Any) -> str | None:
    return label_of(block) if isinstance(block, Mapping) else None
