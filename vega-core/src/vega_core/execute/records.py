"""Records between a driver and an executor: attempts, and the events of their lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from vega_core.execute.states import AttemptState


class Key(NamedTuple):
    """Identity of an attempt within a run.

    Attributes:
        step: Name of the pipeline's step.
        trial: Number of the trial in the step.
        budget: Cumulative budget of the evaluation.
        attempt: Number of the try at this evaluation, from 1.
    """

    step: str
    trial: int
    budget: float
    attempt: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one attempt; ``None`` is no limit.

    Attributes:
        wall_s: Seconds from start to end, compilation included.
        progress_s: Seconds without a report; the clock stands while the attempt compiles.
        memory_mb: Resident memory of the worker and its descendants, in MiB.
    """

    wall_s: float | None = None
    progress_s: float | None = None
    memory_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at an evaluation, as the driver hands it to an executor.

    Attributes:
        key: Its identity; an executor never sees one twice.
        target: What to call, ``"package.module:function"`` or ``"./file.py:function"``; called as
            ``target(payload, channel)`` and returning the metrics.
        payload: Argument of the call; must survive JSON.
        folder: Where ``log.txt``, ``error.txt`` and ``result.json`` of the attempt go. It exists.
            Without one, output goes to the worker's own log and errors are reported only.
        limits: Its limits.
    """

    key: Key
    target: str
    payload: Mapping[str, Any]
    folder: Path | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has taken the attempt.

    Attributes:
        key: The attempt.
        worker: Process id of the worker.
    """

    key: Key
    worker: int


@dataclass(frozen=True, slots=True)
class Report:
    """Metrics from the middle of an attempt.

    Attributes:
        key: The attempt.
        metrics: Numbers by name; they may be NaN or infinite.
        step: Position of the report in the attempt's own count, such as the epoch.
    """

    key: Key
    metrics: Mapping[str, float]
    step: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of an attempt.

    Attributes:
        key: The attempt.
        state: A final state. An attempt that returned metrics is ``ok`` even where a metric is not
            finite: which metrics must be finite, only the driver knows.
        metrics: What it returned, or ``None``.
        reason: Why it did not end ``ok``, in one line; else empty.
        seconds: Seconds from start to end; 0 where it never started.
        compile_seconds: Seconds of these that it spent compiling.
        fingerprint: Exception type and last frames of a failure, equal for equal faults; or empty.
    """

    key: Key
    state: AttemptState
    metrics: Mapping[str, float] | None = None
    reason: str = ""
    seconds: float = 0.0
    compile_seconds: float = 0.0
    fingerprint: str = ""


Event = Started | Report | Ended
