"""Settings of the local executor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """Settings of a local executor.

    Attributes:
        threads: Threads for the libraries in a worker; by default its share of the cores.
        grace_s: Seconds between SIGTERM and SIGKILL for an attempt over its time.
        recycle_after: Attempts after which a worker is replaced by a new one; ``None`` for never.
        recycle_growth_mb: Growth of a worker's resident memory, in MiB since the end of its first
            attempt, after which it is replaced; ``None`` for never.
        log_folder: Folder of the workers' own logs; by default they are not kept.
        environment: Further environment variables of the workers.
    """

    threads: int | None = None
    grace_s: float = 5.0
    recycle_after: int | None = 1000
    recycle_growth_mb: float | None = 1024.0
    log_folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
