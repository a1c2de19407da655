"""The step that searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vega_core.config.bind import bind
from vega_core.errors import ConfigError
from vega_core.pipeline.attempts import Attempts, Recipe, Sample
from vega_core.pipeline.data import Preview
from vega_core.pipeline.handover import take_over
from vega_core.pipeline.harvest import discard_checkpoints, harvest
from vega_core.pipeline.sections import check_objectives, epochs_of, objectives_of
from vega_core.pipeline.step import Output, Plain, Step, StepContext
from vega_core.pipeline.trials import run_trials
from vega_core.pipeline.trying import check_counted, check_values
from vega_core.plugins import Catalog
from vega_core.search import Algorithm, Plan, algorithm
from vega_core.space import SearchSpace


@dataclass(frozen=True, kw_only=True)
class SearchStep(Step):
    """Searches a space with an algorithm, trains each trial, and hands its best models on.

    Attributes:
        keep_models: How many of the best models keep their parameters; the checkpoints of all
            other trials are removed when the step ends.
    """

    keep_models: int = 1

    def check(self, config: Plain, catalog: Catalog) -> None:
        preview = Preview(config, catalog)
        preview.check()
        search = make_algorithm(config, catalog, seed=0)
        problem = search.problem
        check_objectives(problem.objectives, config, catalog)
        if preview.has_model:
            check_counted(problem, config, preview)
            check_values(problem.space, preview, config["search_space"])

    def plan(self, context: StepContext) -> Plan | None:
        return make_algorithm(_config(context), context.catalog, context.seed).plan()

    def run(self, context: StepContext) -> Output:
        config = _config(context)
        search = make_algorithm(config, context.catalog, context.seed)
        plan, objectives = search.plan(), search.problem.objectives
        largest = plan.largest if plan else search.problem.budget
        config["objectives"] = objectives.to_config()

        def recipe(sample: Sample) -> Recipe:
            return Recipe(bind(config, sample), dict(sample))

        failed = run_trials(context, search, Attempts(context, recipe, largest))
        records = harvest(context, search, recipe, keep=self.keep_models)
        return Output(
            records=records,
            objectives=objectives,
            configuration=config,
            trials=len(search.trials),
            failed=failed,
        )

    def clean(self, context: StepContext) -> None:
        discard_checkpoints(context)


def _config(context: StepContext) -> dict[str, Any]:
    """Returns what trials are made from: the best model of the step before, if there is one."""
    taken = take_over(context)
    return taken[0].recipe.config if taken else dict(context.config)


def make_algorithm(config: Mapping[str, Any], catalog: Catalog, seed: int) -> Algorithm:
    """Makes the algorithm that a step's configuration describes.

    Raises:
        ConfigError: The step has no algorithm or no space.
        SearchError: A parameter makes no sense.
        SpaceError: The space is not valid.
    """
    for section, kind in (("search_algorithm", "algorithm"), ("search_space", "search_space")):
        if not config.get(section):
            known = ", ".join(catalog.names(kind))
            raise ConfigError(f"{section}: a search needs one; its type is one of: {known}")
    given = dict(config["search_algorithm"])
    preview = Preview(config, catalog)
    return algorithm(
        given.pop("type"),
        space=space_of(config, catalog),
        objectives=objectives_of(config, catalog),
        seed=seed,
        constraints=config.get("constraints") or (),
        analyse=preview.analyse if preview.has_model else None,
        budget=epochs_of(config),
        catalog=catalog,
        **given,
    )


def space_of(config: Mapping[str, Any], catalog: Catalog) -> SearchSpace:
    """Makes the search space that a step's configuration describes."""
    described = config["search_space"]
    provider = catalog.load("search_space", described.get("type", "SearchSpace"))
    space: SearchSpace = provider.from_config(described)
    return space
