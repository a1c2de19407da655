"""Tunes a Python function, without a configuration file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vega_core.errors import RunFailed
from vega_core.execute import Attempt, Executor, Key, Limits
from vega_core.execute.files import ERROR
from vega_core.execute.functions import importable, stop_if_loading
from vega_core.execute.inprocess import InProcessExecutor
from vega_core.execute.local import LocalExecutor
from vega_core.pipeline import objective as target
from vega_core.pipeline.arguments import check_names, check_place, check_values
from vega_core.pipeline.begun import LOOK_AHEAD, begin, describe, open_journal, open_run
from vega_core.pipeline.endings import Endings
from vega_core.pipeline.failures import Failures
from vega_core.pipeline.loop import Interrupted, LoopSettings, SearchLoop
from vega_core.pipeline.progress import Progress
from vega_core.pipeline.replay import replay
from vega_core.pipeline.runlog import run_log
from vega_core.pipeline.signals import StopSignals
from vega_core.pipeline.watchers import Watchers
from vega_core.plugins import load_catalog
from vega_core.search import Algorithm, Objectives, Proposal, Trial, trial_seed
from vega_core.search import algorithm as make
from vega_core.search.constraints import ConstraintsLike
from vega_core.search.objectives import ObjectivesLike
from vega_core.search.problem import Analyse
from vega_core.space import SearchSpace
from vega_core.store.atomic import make_folder
from vega_core.store.records import StepFinished
from vega_core.store.rundir import RunDir
from vega_core.train.function import Objective

STEP = "tune"


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        metrics = ", ".join(f"{name}={value:.6g}" for name, value in self.metrics.items())
        front = f", {len(self.pareto)} of them on the front" if len(self.pareto) > 1 else ""
        return (
            f"<Tuned: {len(self.trials)} trials{front}, {self.failed} failed evaluations; "
            f"best: trial {self.best.number}, {metrics}, {self.config}>"
        )


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
        output: Run directory that keeps a durable journal, and with workers what each trial
            prints and its traceback; none is kept by default.
        resume: Go on with the run in ``output``, which must have been begun with the same
            algorithm, space, objectives, constraints, seed and number of trials.
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
    check_values(objective, workers, trial_timeout, memory_limit_mb)
    catalog = load_catalog()
    cls = catalog.load("algorithm", algorithm) if isinstance(algorithm, str) else algorithm
    check_names(cls, trials, params)
    if trials is not None:
        params["num_samples"] = trials
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
    check_place(name, limits)
    kept = target.Kept(Objective(objective))
    look_ahead = max(1, workers) if deterministic else None
    run = open_run(output, resume=resume)
    # In this process a function prints where its caller does; a child's output needs a folder.
    folders = run if name is not None else None
    failures = Failures(trace=partial(_trace, folders) if folders else None)
    endings = Endings()
    with ExitStack() as stack:
        journal = open_journal(stack, run, resume=resume) if run else None
        if run and journal:
            stack.enter_context(run_log(run.log))
            now = describe(search, params, deterministic=deterministic, look_ahead=look_ahead)
            look_ahead = begin(journal, STEP, now, run.root)[LOOK_AHEAD]
        signals = stack.enter_context(StopSignals())
        executor = stack.enter_context(_executor(kept, name, workers, folders))
        loop = SearchLoop(
            STEP,
            search,
            executor,
            _Attempts(name, goals.names[0], seed, limits, folders),
            journal=journal,
            settings=LoopSettings(look_ahead=look_ahead),
            failures=failures,
            progress=Watchers(progress or Progress(), endings),
            replayed=replay(journal, STEP, search, failures) if journal else None,
        )
        signals.on_stop(loop.stop)
        try:
            loop.run()
        except RunFailed as error:
            place = "" if folders else endings.place
            raise RunFailed(f"{error}{place}") from (kept.last or error.__cause__)
        except Interrupted as error:
            how = "the same call with resume=True goes on from here" if run else "nothing was kept"
            raise Interrupted(f"stopped; {how}", signals.received) from error
        if journal:
            data = {"trials": len(search.trials), "failed": failures.failed}
            journal.append(StepFinished(step=STEP, data=data))
            if failures.failed:
                endings.read(journal, STEP)
    pareto = search.pareto() if len(goals) > 1 else [one for one in [search.best()] if one]
    if not pareto:
        raise RunFailed(
            f"none of the {len(search.trials)} trials succeeded{endings}"
        ) from kept.last
    return Tuned(search.trials, pareto, failures.failed)


@dataclass(frozen=True)
class _Attempts:
    """Makes the attempts of a tuned function; they have folders where a run directory is given."""

    function: str | None
    name: str
    seed: int
    limits: Limits
    run: RunDir | None

    def __call__(self, proposal: Proposal, number: int) -> Attempt:
        key = Key(STEP, proposal.trial, float(proposal.budget), number)
        payload = {
            "function": self.function,
            "config": proposal.config,
            "trial": proposal.trial,
            "seed": trial_seed(self.seed, proposal.trial),
            "budget": proposal.budget,
            "name": self.name,
        }
        folder = make_folder(self.run.attempt(*key)) if self.run else None
        return Attempt(key, target.TARGET, payload, folder, self.limits)


def _trace(run: RunDir, key: Key) -> Path:
    return run.attempt(*key) / ERROR


def _executor(kept: target.Kept, name: str | None, workers: int, run: RunDir | None) -> Executor:
    if name is not None:
        return LocalExecutor.create(workers, run.workers if run else None)
    return InProcessExecutor(workers, {target.TARGET: kept})
