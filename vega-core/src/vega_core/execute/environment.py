"""Environment of worker processes: the machine's cores divided among them."""

from __future__ import annotations

import os
from collections.abc import Mapping

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)
"""What numerical libraries read once, when they are loaded."""


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_per_worker(slots: int) -> int:
    """Threads for each of ``slots`` workers: its share of the cores, at least one."""
    return max(1, cores() // slots)


def worker_environment(threads: int, extra: Mapping[str, str]) -> dict[str, str]:
    """Environment of a worker.

    Args:
        threads: Threads for its libraries; a smaller number in the driver's environment stands.
        extra: Variables set last.
    """
    environment = dict(os.environ)
    for name in THREAD_VARIABLES:
        wanted = environment.get(name, "")
        environment[name] = str(min(threads, int(wanted)) if wanted.isdigit() else threads)
    environment.update(extra)
    return environment
