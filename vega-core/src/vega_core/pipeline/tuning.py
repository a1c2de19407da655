"""Tunes a Python function, without a configuration file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vega_core.errors import RunFailed, SearchError
from vega_core.execute import Attempt, Executor, Key, Limits
from vega_core.execute.functions import importable, stop_if_loading
from vega_core.execute.inprocess import InProcessExecutor
from vega_core.execute.local import LocalExecutor
from vega_core.pipeline import objective as target
from vega_core.pipeline.failures import Failures
from vega_core.pipeline.loop import LoopSettings, SearchLoop
from vega_core.pipeline.progress import Progress
from vega_core.pipeline.replay import replay
from vega_core.pipeline.signals import StopSignals
from vega_core.plugins import load_catalog
from vega_core.plugins.parameters import parameters_of
from vega_core.search import Algorithm, Objectives, Proposal, Trial, trial_seed
from vega_core.search import algorithm as make
from vega_core.search.constraints import ConstraintsLike
from vega_core.search.objectives import ObjectivesLike
from vega_core.search.problem import Analyse
from vega_core.space import SearchSpace
from vega_core.store.journal import Journal
from vega_core.store.lock import RunLock
from vega_core.store.records import StepFinished, StepStarted
from vega_core.store.rundir import RunDir
from vega_core.train.function import Objective

STEP = "tune"


@dataclass(frozen=True)
class Tuned:
    """What tuning found.

    Attributes:
        trials: Every trial by number, each with its result at its largest budget.
        pareto: The trials that no other dominates; with one objective, the best alone.
        failed: Evaluations that failed.
    """

    trials: Sequence[Trial]
    pareto: Sequence[Trial]
    failed: int

    @property
    def best(self) -> Trial:
        """The best trial; with several objectives, the first of the Pareto front."""
        return self.pareto[0]

    @property
    def config(self) -> dict[str, Any]:
        """The best configuration."""
        return self.best.config

    @property
    def metrics(self) -> dict[str, float]:
        """The objectives of the best trial, by name."""
        return self.best.values


def tune(
    objective: Callable[..., Any],
    space: SearchSpace | Mapping[str, Any],
    *,
    algorithm: str | type[Algorithm] = "AshaHpo",
    objectives: ObjectivesLike = "loss",
    trials: int | None = None,
    workers: int = 0,
    seed: int = 0,
    deterministic: bool = False,
    constraints: ConstraintsLike = (),
    analyse: Analyse | None = None,
    budget: float = 1,
    trial_timeout: float | None = None,
    memory_limit_mb: float | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    **params: Any,
) -> Tuned:
    """Searches for the configuration with the best value of a function.

    With ``workers`` a function that can be imported runs in supervised child processes, which
    can be stopped and may crash without harm. A script needs no ``__main__`` guard for that: a
    child runs it up to the call of ``tune``. A lambda, a local function or one of a notebook
    runs in threads of this process instead, where a trial that hangs cannot be stopped.

    Args:
        objective: ``objective(config, budget, report)``, or with fewer of these arguments.
            Returns a number, the first of the objectives, or metrics by name. ``report(value,
            step)`` sends a value from the middle of a trial.
        space: A search space, its configuration, or the short form
            ``{"lr": ("FLOAT_EXP", 1e-5, 1e-1), "optimizer": ["Adam", "SGD"]}``.
        algorithm: Name of an installed algorithm, or a class.
        objectives: What to make small or large: ``"loss"``, ``{"accuracy": "max"}``.
        trials: How many configurations to try: the algorithm's ``num_samples``.
        workers: How many trials run at once; 0 runs them one after another in this process.
        seed: Seed of all draws.
        deterministic: Take results in the order of the proposals, so that a run can be repeated
            exactly with several workers.
        constraints: Bounds on what ``analyse`` gives, such as ``"params <= 1e6"``.
        analyse: Configuration -> metrics that are known before an evaluation.
        budget: Budget of every trial where the algorithm has no budgets of its own.
        trial_timeout: Seconds that one attempt may take; needs child processes.
        memory_limit_mb: Megabytes that a worker may hold; needs child processes.
        output: Run directory that keeps a durable journal; none is kept by default.
        resume: Go on with the run in ``output``.
        progress: Who watches.
        **params: The algorithm's own parameters, such as ``eta=3``.

    Raises:
        UserError: An argument makes no sense.
        RunFailed: No trial succeeded.

    Example:
        ```python
        def objective(config, budget, report):
            return (config["x"] - 2) ** 2

        best = tune(objective, {"x": ("FLOAT", -5, 5)}, algorithm="RandomSearch", trials=50)
        print(best.config, best.metrics)
        ```
    """
    stop_if_loading()
    catalog = load_catalog()
    cls = catalog.load("algorithm", algorithm) if isinstance(algorithm, str) else algorithm
    if trials is not None:
        params["num_samples"] = trials
        _check_trials(cls)
    goals = Objectives.parse(objectives)
    search = make(
        cls,
        space=space,
        objectives=goals,
        seed=seed,
        constraints=constraints,
        analyse=analyse,
        budget=budget,
        catalog=catalog,
        **params,
    )
    name = importable(objective) if workers else None
    limits = Limits(trial_timeout, None, memory_limit_mb)
    _check_place(workers, name, limits)

    def attempt(proposal: Proposal, number: int) -> Attempt:
        payload = {
            "function": name,
            "config": proposal.config,
            "trial": proposal.trial,
            "seed": trial_seed(seed, proposal.trial),
            "budget": proposal.budget,
            "name": goals.names[0],
        }
        key = Key(STEP, proposal.trial, float(proposal.budget), number)
        return Attempt(key, target.TARGET, payload, None, limits)

    failures = Failures()
    look_ahead = max(1, workers) if deterministic else None
    with ExitStack() as stack:
        journal = _journal(stack, output, resume)
        if journal:
            journal.append(StepStarted(step=STEP))
        signals = stack.enter_context(StopSignals())
        executor = stack.enter_context(_executor(objective, name, workers))
        loop = SearchLoop(
            STEP,
            search,
            executor,
            attempt,
            journal=journal,
            settings=LoopSettings(look_ahead=look_ahead),
            failures=failures,
            progress=progress,
            replayed=replay(journal, STEP, search, failures) if journal else None,
        )
        signals.on_stop(loop.stop)
        loop.run()
        if journal:
            data = {"trials": len(search.trials), "failed": failures.failed}
            journal.append(StepFinished(step=STEP, data=data))
    pareto = search.pareto() if len(goals) > 1 else [one for one in [search.best()] if one]
    if not pareto:
        raise RunFailed(f"none of the {len(search.trials)} trials succeeded")
    return Tuned(search.trials, pareto, failures.failed)


def _check_trials(cls: type[Algorithm]) -> None:
    if "num_samples" not in {parameter.name for parameter in parameters_of(cls)}:
        raise SearchError(f"{cls.__name__} does not take a number of trials; leave out trials=")


def _check_place(workers: int, name: str | None, limits: Limits) -> None:
    if workers < 0:
        raise SearchError(f"workers: expected 0 or more, got {workers}")
    if name is None and limits != Limits():
        raise SearchError(
            "trial_timeout and memory_limit_mb need child processes: give workers, and a function "
            "that a child can import (not a lambda, a local function or one of a notebook)"
        )


def _executor(objective: Callable[..., Any], name: str | None, workers: int) -> Executor:
    if name is not None:
        return LocalExecutor(workers)
    functions = {target.TARGET: partial(target.call, Objective(objective))}
    return InProcessExecutor(workers, functions)


def _journal(stack: ExitStack, output: str | Path | None, resume: bool) -> Journal | None:
    if output is None:
        if resume:
            raise SearchError("resume needs the run directory of the earlier run: give output")
        return None
    run = RunDir.create(output)
    stack.enter_context(RunLock(run.lock))
    if run.journal.is_file() and not resume:
        raise SearchError(f"{run.root} holds a run already; give resume=True, or another output")
    return stack.enter_context(Journal.open(run.journal))
