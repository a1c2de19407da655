"""What passes between an algorithm and its driver."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Config = dict[str, Any]


class Failed(enum.Enum):
    """The type of `FAILED`."""

    FAILED = "failed"


FAILED: Final = Failed.FAILED
"""Told instead of metrics when an evaluation gave none: it crashed, ran out of time, was lost."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Starts from newly initialised parameters."""


@dataclass(frozen=True, slots=True)
class Continue:
    """Continues from a trial's last checkpoint, on the same graph.

    Parameters, statistics, optimizer slots and the schedule's position are taken over.

    Attributes:
        trial: Whose checkpoint; usually the proposal's own, another's in population based training.
    """

    trial: int


@dataclass(frozen=True, slots=True)
class Inherit:
    """Takes parameters over from another graph.

    Attributes:
        model: Identifier of the model whose parameters are taken.
        mapping: Parameter name here -> parameter name there.
    """

    model: str
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shared:
    """Evaluates inside a supernet.

    Attributes:
        store: Name of the supernet's parameter store.
    """

    store: str


Start = Fresh | Continue | Inherit | Shared
FRESH: Final = Fresh()


@dataclass(frozen=True, slots=True)
class Proposal:
    """One evaluation to make: a trial at a budget.

    Attributes:
        id: The evaluation's number; `Algorithm.tell` takes it.
        trial: The trial's number. A promotion repeats its trial with a larger budget.
        config: Name -> value, without the inactive children. Not to be changed.
        budget: Cumulative: epochs in total, not to be added to what the trial has had.
        start: Where the parameters come from.
    """

    id: int
    trial: int
    config: Config
    budget: float
    start: Start = FRESH


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What an author's `_ask` returns; the public `ask` numbers and checks it.

    Attributes:
        config: The configuration of a new trial, given away; None for a trial that exists.
        trial: The number of a trial that exists; None for a new one.
        budget: Cumulative budget; None for the problem's.
        start: Where the parameters come from.
    """

    config: Config | None = None
    trial: int | None = None
    budget: float | None = None
    start: Start = FRESH


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a proposal, as an author's `_tell` gets it.

    Attributes:
        state: ``ok``; ``failed`` (no result, or a non-finite objective); ``rejected`` (broke a
            constraint and was not evaluated).
        values: The objectives in their order, all to be minimised and finite; empty unless ``ok``.
        metrics: Everything that was reported, in the user's directions; empty unless ``ok``.
    """

    state: Literal["ok", "failed", "rejected"]
    values: tuple[float, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether there are values to compare."""
        return self.state == "ok"


FAILURE: Final = Outcome("failed")
REJECTION: Final = Outcome("rejected")
