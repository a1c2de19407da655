"""Makes the executor that a configuration asks for."""

from __future__ import annotations

from pathlib import Path

from vega_core.config.model import General
from vega_core.execute import Executor, Limits
from vega_core.execute.environment import threads_per_worker
from vega_core.plugins import Catalog


def make_executor(general: General, catalog: Catalog, logs: Path | None = None) -> Executor:
    """Makes the executor of a run: the configured one, or this process for ``workers: 0``.

    Args:
        general: Says which, and how many workers.
        catalog: Component classes.
        logs: Folder for the workers' logs.
    """
    if general.workers == 0:
        from vega_core.execute.inprocess import InProcessExecutor

        return InProcessExecutor()
    executor: Executor = catalog.load("executor", general.executor).create(general.workers, logs)
    return executor


def limits_of(general: General) -> Limits:
    """Returns the limits of every attempt."""
    return Limits(general.trial_timeout, general.progress_timeout, general.memory_limit_mb)


def threads_of(general: General) -> int:
    """Returns the threads that each attempt gets: the processors divided among the workers."""
    return threads_per_worker(max(1, general.workers))
