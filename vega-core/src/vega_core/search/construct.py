"""Makes an algorithm by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from vega_core.errors import SearchError, suggest
from vega_core.search.constraints import ConstraintsLike, parse_constraints
from vega_core.search.contract import Algorithm
from vega_core.search.objectives import Objectives, ObjectivesLike
from vega_core.search.problem import Analyse, Problem
from vega_core.space import SearchSpace, as_space


class Loader(Protocol):
    """What a catalog, or a worker's table of targets, can do."""

    def load(self, kind: str, name: str) -> type[Any]:
        """Returns the class of a component."""
        ...


def algorithm(
    name: str | type[Algorithm],
    *,
    space: SearchSpace | Mapping[str, Any],
    objectives: ObjectivesLike,
    seed: int = 0,
    constraints: ConstraintsLike = (),
    analyse: Analyse | None = None,
    budget: float = 1,
    catalog: Loader | None = None,
    **params: Any,
) -> Algorithm:
    """Returns an algorithm that is ready to be asked.

    Args:
        name: A name from the installed plugins, such as ``AshaHpo``, or a class.
        space: A search space; or its configuration (with a key ``hyperparameters``); or the short
            form ``{"lr": ("FLOAT_EXP", 1e-5, 1e-1), "opt": ["Adam", "SGD"]}``.
        objectives: ``{"loss": "min"}``, ``["accuracy", "macs"]`` or ``"accuracy"``.
        seed: Every draw comes from it.
        constraints: ``"params <= 1e6"``, a list of such texts, or ``{"params": "<= 1e6"}``.
        analyse: Configuration -> the analytic metrics that the constraints name.
        budget: The budget of proposals of algorithms that have no budgets of their own.
        catalog: Where to look the name up; the installed plugins if None.
        **params: The algorithm's own parameters.

    Raises:
        PluginError: There is no algorithm of that name.
        SearchError: A parameter is unknown, missing or has a value that makes no sense.
        SpaceError: The space is not valid.

    Example:
        >>> space = {"x": ("FLOAT", 0, 1)}
        >>> search = algorithm("RandomSearch", space=space, objectives={"loss": "min"})
        >>> proposal = search.ask()
        >>> search.tell(proposal.id, {"loss": proposal.config["x"] ** 2})
    """
    problem = Problem(
        as_space(space),
        Objectives.parse(objectives),
        parse_constraints(constraints),
        seed,
        analyse,
        budget,
    )
    cls = name if isinstance(name, type) else _load(name, catalog)
    return build(cls, problem, params)


def build(cls: type[Algorithm], problem: Problem, params: Mapping[str, Any]) -> Algorithm:
    """Returns ``cls(problem, **params)`` after checking the parameters' names.

    Raises:
        SearchError: A parameter is unknown or missing, or its value makes no sense.
    """
    # Only here, so that algorithms can be written and run without the plugin machinery.
    from vega_core.plugins.parameters import parameters_of

    known = {parameter.name: parameter for parameter in parameters_of(cls)}
    for given in params:
        if given not in known:
            raise SearchError(
                f"{cls.__name__} has no parameter '{given}'{suggest(given, known)}; "
                f"it has: {', '.join(known) or 'none'}"
            )
    missing = [name for name, one in known.items() if one.required and name not in params]
    if missing:
        raise SearchError(f"{cls.__name__} needs the parameter '{missing[0]}'")
    return cls(problem, **params)


def _load(name: str, catalog: Loader | None) -> type[Algorithm]:
    if catalog is None:
        from vega_core.plugins import load_catalog

        catalog = load_catalog()
    cls: type[Algorithm] = catalog.load("algorithm", name)
    return cls
