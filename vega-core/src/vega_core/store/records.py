"""Events of a run's journal: frozen records, in the vocabulary of the driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step began; ``data`` holds what a resumed run must find unchanged."""

    kind: ClassVar[str] = "step_started"
    step: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The algorithm proposed an evaluation.

    Attributes:
        proposal: Identity of the evaluation within the step.
        trial: Number of the trial.
        budget: Cumulative budget of the evaluation.
        config: The sample, ``{name: value}``.
        start: How the trial starts, as plain data.
    """

    kind: ClassVar[str] = "asked"
    step: str
    proposal: int
    trial: int
    budget: float
    config: Mapping[str, Any]
    start: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """A worker, a process of this id, took an attempt."""

    kind: ClassVar[str] = "started"
    step: str
    trial: int
    budget: float
    attempt: int
    worker: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """An attempt reported metrics; ``sequence`` counts its reports, ``at`` is its own position."""

    kind: ClassVar[str] = "reported"
    step: str
    trial: int
    budget: float
    attempt: int
    sequence: int
    metrics: Mapping[str, float]
    at: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """An attempt ended in a final state (a value of ``AttemptState``)."""

    kind: ClassVar[str] = "ended"
    step: str
    trial: int
    budget: float
    attempt: int
    state: str
    metrics: Mapping[str, float] | None = None
    reason: str = ""
    seconds: float = 0.0
    compile_seconds: float = 0.0
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The algorithm took the outcome of a proposal; a replay tells in the order of these events.

    Attributes:
        proposal: The evaluation.
        trial: Its trial.
        budget: Its budget.
        metrics: What was told, or ``None`` for a failure.
    """

    kind: ClassVar[str] = "told"
    step: str
    proposal: int
    trial: int
    budget: float
    metrics: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """A step ended; ``data`` holds its summary."""

    kind: ClassVar[str] = "step_finished"
    step: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Anything worth keeping that no other event says, such as an interruption or a resumption."""

    kind: ClassVar[str] = "note"
    sequence: int
    message: str
    step: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


JournalEvent = (
    StepStarted | Asked | AttemptStarted | Reported | AttemptEnded | Told | StepFinished | Note
)
EVENT_TYPES: tuple[type[JournalEvent], ...] = (
    StepStarted,
    Asked,
    AttemptStarted,
    Reported,
    AttemptEnded,
    Told,
    StepFinished,
    Note,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with its place in the journal.

    Attributes:
        id: Place in the total order; increases.
        time: Seconds since the epoch, for people: nothing depends on it.
        event: The event.
    """

    id: int
    time: float
    event: JournalEvent


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt of a run so far; ``state`` is ``running`` while it has no end."""

    step: str
    trial: int
    budget: float
    attempt: int
    state: str
    reason: str
    seconds: float
    worker: int
    metrics: Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial of a run so far.

    Attributes:
        step: The step.
        trial: Its number.
        config: The sample.
        budget: Largest budget asked for.
        state: State of the last attempt at that budget; ``queued`` where there is none yet.
        attempts: Attempts in all.
        metrics: Those of the last attempt that returned any, or ``None``.
        reason: Reason of the last attempt.
        seconds: Seconds of all attempts together.
    """

    step: str
    trial: int
    config: Mapping[str, Any]
    budget: float
    state: str
    attempts: int
    metrics: Mapping[str, float] | None
    reason: str
    seconds: float
