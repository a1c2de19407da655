"""A trainer that calls a Python function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, final

from vega_core.errors import ConfigError, RunFailed
from vega_core.plugins import load_target
from vega_core.train.context import Context
from vega_core.train.trainer import Trainer

Outcome = float | Mapping[str, float]


@dataclass(kw_only=True, eq=False)
class FunctionTrainer(Trainer):
    """Calls ``objective(config, budget, report)``; a trial is what it returns.

    ``config`` holds ``params`` and the sampled values: a name below ``trainer.params.`` without
    that prefix, any other as it is. ``budget`` is the trial's cumulative budget.
    ``report(value, step)`` sends a number, or metrics by name, from the middle and returns whether
    to stop. A function that takes fewer arguments is given fewer; one with a keyword-only
    parameter ``seed`` gets the trial's seed. It returns a number, which is
    the step's first objective, or metrics by name.

    Attributes:
        function: ``my_module:objective``, or ``./file.py:objective`` relative to the
            configuration.
        params: Values that are the same in every trial, or that the search space overrides.
    """

    function: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def train_process(self, context: Context) -> Mapping[str, float]:
        function = load_target(self.function, context.base)
        if not callable(function):
            raise ConfigError(f"trainer.function: '{self.function}' is not callable")
        name = first_objective(context.config)
        config = {**self.params, **own_sample(context.sample)}
        return Objective(function)(config, context, name)


@final
class Objective:
    """A function that evaluates a trial, with what is known of its arguments.

    Args:
        function: ``objective(config, budget, report)``. It is called with as many of the three as
            it takes, and with the trial's seed where it has a keyword-only parameter ``seed``.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._count = _positional(function)
        self._takes_seed = _takes_seed(function)

    def __call__(self, config: Mapping[str, Any], context: Context, name: str) -> dict[str, float]:
        """Calls it.

        Args:
            config: Its first argument.
            context: Gives the budget and takes the reports.
            name: What a bare number is called.

        Raises:
            RunFailed: It returned neither a number nor metrics by name.
        """
        steps = iter(range(1, 1 << 62))

        def report(value: Outcome, step: float | None = None) -> bool:
            context.report(as_metrics(value, name), next(steps) if step is None else step)
            return context.should_stop

        arguments = (config, context.budget, report)[: self._count]
        named = {"seed": context.seed} if self._takes_seed else {}
        return as_metrics(self._function(*arguments, **named), name)


def as_metrics(value: Any, name: str) -> dict[str, float]:
    """Returns what an objective gave as metrics by name.

    Raises:
        RunFailed: It is neither a number nor a mapping of numbers.
    """
    given = value if isinstance(value, Mapping) else {name: value}
    for key, number in given.items():
        # A NumPy scalar, or a tensor of one element, is a number as well.
        if not isinstance(number, Real) and not hasattr(number, "__float__"):
            raise RunFailed(
                f"the objective gave {key}={number!r} ({type(number).__name__}); "
                "return a number, or a dict of numbers"
            )
    return {str(key): float(number) for key, number in given.items()}


def first_objective(config: Mapping[str, Any]) -> str:
    """Returns the name of a step's first objective; ``objective`` where it states none."""
    objectives = config.get("objectives")
    if not objectives:
        return "objective"
    return objectives if isinstance(objectives, str) else str(next(iter(objectives)))


def own_sample(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Returns sampled values, those of ``trainer.params`` by their own names."""
    return {name.removeprefix("trainer.params."): value for name, value in sample.items()}


def _takes_seed(function: Callable[..., Any]) -> bool:
    try:
        seed = inspect.signature(function).parameters.get("seed")
    except (TypeError, ValueError):  # some built-in functions have no signature
        return False
    return seed is not None and seed.kind is seed.KEYWORD_ONLY


def _positional(function: Callable[..., Any]) -> int:
    """Counts how many of three arguments in a row a function takes."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some built-in functions have no signature
        return 3
    if any(item.kind is item.VAR_POSITIONAL for item in parameters):
        return 3
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return min(3, sum(item.kind in kinds for item in parameters))
