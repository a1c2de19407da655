"""Runs the trials of a step, from where its journal stands."""

from __future__ import annotations

from vega_core.execute.files import ERROR
from vega_core.pipeline.attempts import Attempts
from vega_core.pipeline.failures import Failures
from vega_core.pipeline.loop import SearchLoop
from vega_core.pipeline.replay import replay
from vega_core.pipeline.step import StepContext
from vega_core.search import Algorithm


def run_trials(context: StepContext, algorithm: Algorithm, attempts: Attempts) -> int:
    """Runs an algorithm until it is done, replaying what the journal has of it first.

    Returns:
        The number of evaluations that failed.

    Raises:
        Interrupted: The run was stopped; everything that had ended is in the journal.
        RunFailed: Every trial failed in the same way, or no worker can be started.
    """
    run = context.run
    failures = Failures(trace=lambda key: run.attempt(*key) / ERROR)
    replayed = replay(context.journal, context.name, algorithm, failures)
    loop = SearchLoop(
        context.name,
        algorithm,
        context.executor,
        attempts,
        journal=context.journal,
        settings=context.settings,
        failures=failures,
        progress=context.progress,
        replayed=replayed,
    )
    context.on_stop(loop.stop)
    loop.run()
    return failures.failed
